"""Writes the software bill of materials of the executable, as SPDX 2.3 in JSON. Started by scripts/sbom.

usage: sbom.py --executable FILE [--shipped FILE] [--stand-ins DIR] --version VERSION --created TIME

--stand-ins names a folder with libraries of our own that are loaded instead of Debian's: scripts/image-parts makes it.
"""

import argparse
import hashlib
import json
import os
import re
import uuid
from pathlib import Path

from parts import Executable, embedded, libraries, linked_libraries, output, swift_packages, swift_runtime

NONE = "NOASSERTION"


def identifier(*words):
    return "SPDXRef-" + "-".join(re.sub(r"[^A-Za-z0-9.]+", "-", word).strip("-") for word in words)


def purl(part):
    """A package URL, if there is a type for it."""
    match = re.fullmatch(r"https://(github\.com/.+?)(?:\.git)?", part.location)
    if match and not part.within:
        return f"pkg:swift/{match.group(1)}@{part.version}"
    if match and part.version:
        return f"pkg:github/{match.group(1).removeprefix('github.com/').lower()}@{part.version}"
    return None


def package(part):
    download = part.location or NONE
    if part.revision:
        download = f"git+{part.location}@{part.revision}"
    found = {
        "SPDXID": identifier("Package", *([part.within] if part.within else []), part.name), "name": part.name,
        "downloadLocation": download, "filesAnalyzed": False, "licenseConcluded": part.licence,
        "licenseDeclared": part.licence, "copyrightText": NONE, "supplier": NONE,
    }
    if part.version:
        found["versionInfo"] = part.version
    if part.within:
        found["comment"] = f"A copy within {part.within}."
    if purl(part):
        found["externalRefs"] = [reference(purl(part))]
    return found


def reference(locator):
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}


def debian(library, distribution, architecture):
    locator = f"pkg:deb/{distribution.split('-')[0]}/{library.package}@{library.version}?arch={architecture}&distro={distribution}"
    return {
        "SPDXID": identifier("Debian", library.package), "name": library.package, "versionInfo": library.version,
        "downloadLocation": NONE, "filesAnalyzed": False, "licenseConcluded": library.licence or NONE,
        "licenseDeclared": library.licence or NONE,
        "licenseComments": f"See /usr/share/doc/{library.package}/copyright.", "copyrightText": NONE,
        "supplier": "Organization: Debian", "sourceInfo": f"built from {library.source} {library.source_version}",
        "comment": f"{'Part of it is linked' if library.licence else 'Loaded at run time'}: {', '.join(library.files)}",
        "externalRefs": [reference(locator)],
    }


def file_of(identifier, name, digest, licence):
    return {
        "SPDXID": identifier, "fileName": name, "fileTypes": ["BINARY"],
        "checksums": [{"algorithm": each.upper(), "checksumValue": digest(each)} for each in ("sha1", "sha256")],
        "licenseConcluded": licence, "licenseInfoInFiles": [NONE], "copyrightText": NONE}


def document(executable, shipped, version, created, stand_ins=None):
    parts, without_code = swift_packages(executable)
    copies, runtime, linked = embedded(executable), swift_runtime(executable), linked_libraries(executable)
    if stand_ins:
        # For ldd.
        os.environ["LD_LIBRARY_PATH"] = str(stand_ins)
    loaded, foreign = libraries(executable)
    own_libraries = {name: path for name, path in foreign.items() if path.parent == stand_ins}
    release = dict(line.split("=", 1) for line in open("/etc/os-release", encoding="utf-8").read().splitlines() if "=" in line)
    distribution = "-".join(release[name].strip('"') for name in ("ID", "VERSION_ID") if name in release)
    architecture = output("dpkg", "--print-architecture").strip()

    own, file = "SPDXRef-Package-postern", "SPDXRef-File-postern"
    licences = sorted({"BSD-3-Clause", *(part.licence for part in parts + copies + runtime + linked)})
    concluded = " AND ".join(f"({name})" if " WITH " in name else name for name in licences)
    # Where they are installed, not where they are now.
    files = [file_of(file, "./usr/bin/postern", shipped.digest, concluded)]
    folder = Path(output("clang", "-print-file-name=libc.so.6").strip()).parent
    for name, path in sorted(own_libraries.items()):
        files.append(file_of(identifier("File", name), f".{folder}/{name}", Executable(path).digest, "BSD-3-Clause"))
    checksums = sorted(each["checksums"][0]["checksumValue"] for each in files)
    packages = [{
        "SPDXID": own, "name": "postern", "versionInfo": version, "downloadLocation": NONE, "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": hashlib.sha1("".join(checksums).encode()).hexdigest()},
        "licenseConcluded": concluded, "licenseDeclared": "BSD-3-Clause", "licenseInfoFromFiles": [NONE],
        "copyrightText": "Copyright (c) 2026, the Postern authors", "supplier": NONE,
        "primaryPackagePurpose": "APPLICATION",
        "comment": f"Resolved for the build, without code in the executable: {', '.join(without_code) or 'none'}.", "externalRefs": [reference(f"pkg:generic/postern@{version}")],
    }]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", own), *((own, "CONTAINS", each["SPDXID"]) for each in files)]
    relations += [(each["SPDXID"], "RUNTIME_DEPENDENCY_OF", file) for each in files[1:]]
    for part in parts + copies + runtime:
        packages.append(package(part))
        found = packages[-1]["SPDXID"]
        relations.append((identifier("Package", part.within), "CONTAINS", found) if part.within else (file, "STATIC_LINK", found))
    for library in linked:
        packages.append(debian(library, distribution, architecture))
        relations.append((file, "STATIC_LINK", packages[-1]["SPDXID"]))
    for library in loaded:
        packages.append(debian(library, distribution, architecture))
        found = packages[-1]["SPDXID"]
        relations.append((file, "DYNAMIC_LINK", found) if library.direct else (found, "RUNTIME_DEPENDENCY_OF", file))
    if foreign := sorted(foreign.keys() - own_libraries.keys()):
        # Of a debug build: Swift's own libraries, which no Debian package has.
        packages.append({
            "SPDXID": "SPDXRef-Toolchain", "name": "swift-toolchain-libraries", "downloadLocation": NONE,
            "filesAnalyzed": False, "licenseConcluded": NONE, "licenseDeclared": NONE, "copyrightText": NONE, "supplier": NONE,
            "comment": f"Loaded at run time, from no Debian package: {', '.join(foreign)}"})
        relations.append((file, "DYNAMIC_LINK", "SPDXRef-Toolchain"))
    sha256 = shipped.digest("sha256")
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"postern-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/postern-{version}-{uuid.uuid5(uuid.NAMESPACE_OID, sha256)}",
        "creationInfo": {"created": created, "creators": ["Tool: postern-sbom"]},
        "packages": packages,
        "files": files,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relations],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--executable", required=True)
    parser.add_argument("--shipped")
    parser.add_argument("--stand-ins", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--created", required=True)
    given = parser.parse_args()
    built = Executable(given.executable)
    print(json.dumps(document(built, Executable(given.shipped or given.executable), given.version, given.created,
                              given.stand_ins and given.stand_ins.resolve()), indent=2, ensure_ascii=False))
