"""Compares the bill of materials with the package it belongs to.

usage: check_sbom.py SBOM EXECUTABLE PACKAGE
"""

import hashlib
import json
import re
import sys
from pathlib import Path

from parts import ROOT, output

sbom, executable, package = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), sys.argv[3]


def check(condition, what):
    if not condition:
        sys.exit(f"the bill of materials: {what}")


known = {each["name"]: each for each in sbom["packages"]}
checksums = {each["algorithm"]: each["checksumValue"] for each in sbom["files"][0]["checksums"]}
octets = executable.read_bytes()
check(checksums == {"SHA1": hashlib.sha1(octets).hexdigest(), "SHA256": hashlib.sha256(octets).hexdigest()},
      "its checksums are not those of the executable in the package")

pins = {pin["location"]: pin["state"] for pin in json.loads((ROOT / "Package.resolved").read_text())["pins"]}
linked = 0
for each in sbom["packages"]:
    match = re.fullmatch(r"git\+(https://.+)@([0-9a-f]{40})", each["downloadLocation"])
    if match and match.group(1) in pins:
        state = pins[match.group(1)]
        check((each["versionInfo"], match.group(2)) == (state["version"], state["revision"]), f"{each['name']} is another version")
        check(each["licenseDeclared"] != "NOASSERTION", f"{each['name']} has no licence")
        linked += 1
# What the manifest names is linked, and so is what brings the mail, TLS and HTTP of it.
check(linked >= 15, f"only {linked} Swift packages")
for name in ("swift-nio", "swift-nio-ssl", "swift-crypto", "Yams", "GRDB.swift", "BoringSSL"):
    check(name in known, f"{name} is missing")

dynamic = {each["relatedSpdxElement"] for each in sbom["relationships"] if each["relationshipType"] == "DYNAMIC_LINK"}
depends = {word.split()[0] for word in output("dpkg-deb", "-f", package, "Depends").split(",")} - {"init-system-helpers"}
direct = {each["name"] for each in sbom["packages"] if each["SPDXID"] in dynamic}
check(depends == direct, f"the package depends on {sorted(depends)}, and the executable links {sorted(direct)}")
print(f"== the bill of materials: {linked} Swift packages, {len(direct)} packages of Debian, the executable's checksums", file=sys.stderr)
