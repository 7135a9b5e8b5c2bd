"""What the executable is made of: the Swift packages and other code linked into it, and the shared libraries it loads."""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APACHE, MIT, BSD, CC0, ZLIB, UNICODE = "Apache-2.0", "MIT", "BSD-3-Clause", "CC0-1.0", "Zlib", "Unicode-3.0"
APACHE_WITH_EXCEPTION = "Apache-2.0 WITH Swift-exception"


def output(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:3]))}: {done.stderr.strip()}")
    return done.stdout


def licence_of(text, name):
    """The SPDX identifier of a licence's text; an unknown text ends the program, so that nobody overlooks it."""
    if "Apache License" in text and "Version 2.0, January 2004" in text:
        return APACHE_WITH_EXCEPTION if "Runtime Library Exception" in text else APACHE
    if "Permission is hereby granted, free of charge" in text:
        return MIT
    if "Redistribution and use in source and binary forms" in text and "Neither the name" in text:
        return BSD
    sys.exit(f"the licence of {name} is not known: add it to {__file__}")


@dataclass
class Part:
    """A package or a library, and the licence it comes under."""

    name: str
    version: str
    licence: str
    location: str = ""
    revision: str = ""
    # File name and text of the licence and of the notices.
    texts: list = field(default_factory=list)
    within: str = ""


@dataclass
class Library:
    """A Debian package with the libraries that the executable loads from it, or that are linked into it."""

    package: str
    version: str
    source: str
    source_version: str
    files: list
    direct: bool = False
    # Only of those that are linked into it.
    licence: str = ""


class Executable:
    def __init__(self, path):
        self.path = Path(path)

    @cached_property
    def symbols(self):
        names = [line.split()[-1] for line in output("nm", "--defined-only", self.path).splitlines() if line.strip()]
        if len(names) < 1000:
            sys.exit(f"{self.path} has no symbols: give the executable as Swift built it, not stripped")
        return names

    @cached_property
    def modules(self):
        """The Swift modules whose code is in the executable: the first name in a mangled symbol ($s7NIOCore…)."""
        found = set()
        for symbol in self.symbols:
            match = re.match(r"\$s(\d+)", symbol)
            if match:
                length = int(match.group(1))
                found.add(symbol[match.end():match.end() + length])
        return found

    @cached_property
    def described_modules(self):
        """The modules that have a descriptor in the executable: fewer than all of them, and no name by mistake."""
        return {match.group(1) for symbol in self.symbols if (match := re.fullmatch(r"\$s\d+(\w+)MXM", symbol))}

    def defines(self, prefix):
        return any(symbol.startswith(prefix) for symbol in self.symbols)

    @cached_property
    def needed(self):
        return re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", self.path))

    @cached_property
    def has_swift_runtime(self):
        return "libswiftCore.so" not in self.needed

    def digest(self, algorithm):
        return hashlib.new(algorithm, self.path.read_bytes()).hexdigest()


def checkout(location):
    return ROOT / ".build/checkouts" / location.rstrip("/").removesuffix(".git").rsplit("/", 1)[-1]


def texts_of(folder):
    found = sorted(path for path in folder.iterdir() if re.match(r"(LICEN[CS]E|COPYING|NOTICE)", path.name, re.IGNORECASE))
    return [(path.name, path.read_text(encoding="utf-8")) for path in found]


def modules_of(folder):
    """The names that a package's modules may have: its targets, and the folders in Sources or beside it."""
    sources = folder / "Sources"
    names = {path.name for path in [*folder.iterdir(), *(sources.iterdir() if sources.is_dir() else [])] if path.is_dir()}
    manifest = (folder / "Package.swift").read_text(encoding="utf-8")
    return names | set(re.findall(r"\.(?:executableTarget|target)\(\s*name:\s*\"([^\"]+)\"", manifest))


def of_toolchain():
    """The modules that come with Swift."""
    runtime = json.loads(output("swift", "-print-target-info"))["paths"]["runtimeLibraryPaths"]
    folders = [Path(path) for path in runtime] + [Path(path.replace("/swift/", "/swift_static/")) for path in runtime]
    return {module.stem for folder in folders if folder.is_dir() for module in folder.glob("*.swiftmodule")}


def swift_packages(executable):
    """The packages of Package.resolved that have code in the executable, with their versions and licences."""
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    parts, without_code = [], []
    explained = modules_of(ROOT) | of_toolchain() | {"__C"}
    for pin in pins:
        folder = checkout(pin["location"])
        if not folder.is_dir():
            sys.exit(f"{folder} is missing: build first")
        explained |= modules_of(folder)
        if not modules_of(folder) & executable.modules:
            without_code.append(pin["identity"])
            continue
        texts = texts_of(folder)
        licence = next((text for name, text in texts if not name.upper().startswith("NOTICE")), "")
        state = pin["state"]
        parts.append(Part(folder.name, state.get("version", ""), licence_of(licence, folder.name),
                          pin["location"], state["revision"], texts))
    unexplained = executable.described_modules - explained
    if unexplained:
        sys.exit(f"no package of Package.resolved brings the module {', '.join(sorted(unexplained))}")
    return parts, without_code


def first(pattern, path):
    match = re.search(pattern, path.read_text(encoding="utf-8"))
    if not match:
        sys.exit(f"{path} does not have its version in the form that is looked for")
    return match.group(1)


def comment(text):
    """The text of a C file's first comment."""
    return text[:text.index("*/")].lstrip("/* \n") + "\n"


def embedded(executable):
    """Code of other projects that the packages bring as a copy."""
    checkouts = ROOT / ".build/checkouts"
    parts = []
    for package, module in (("swift-crypto", "CCryptoBoringSSL"), ("swift-nio-ssl", "CNIOBoringSSL")):
        if executable.defines(f"{module}_"):
            revision = first(r"at revision ([0-9a-f]{40})", checkouts / package / "Sources" / module / "hash.txt")
            parts.append(Part("BoringSSL", revision, APACHE, "https://boringssl.googlesource.com/boringssl", revision,
                              within=package))
    if executable.defines("KeccakP1600_"):
        folder = checkouts / "swift-crypto/Sources/CXKCP"
        revision = first(r"XKCP#\S+ \(\S*-g([0-9a-f]+)\)", folder / "vendored-sources.txt")
        text = (folder / "FIPS202-opt64/KeccakP-1600-opt64.c").read_text(encoding="utf-8")
        if "waived all copyright" not in text:
            sys.exit("the licence of XKCP is not the one that is known")
        header = (folder / "FIPS202-opt64/brg_endian.h").read_text(encoding="utf-8")
        texts = [(name, comment(each)) for name, each in (("KeccakP-1600-opt64.c", text), ("brg_endian.h", header))]
        parts.append(Part("XKCP", revision, CC0, "https://github.com/XKCP/XKCP", revision, texts, "swift-crypto"))
    if executable.defines("cnioextras_z_"):
        folder = checkouts / "swift-nio-extras/Sources/CNIOExtrasZlib"
        version = (folder / "vendored-zlib.version").read_text(encoding="utf-8").strip()
        text = comment((folder / "include/nioextras-zlib.h").read_text(encoding="utf-8"))
        if "This software is provided 'as-is'" not in text:
            sys.exit("the licence of zlib is not the one that is known")
        parts.append(Part("zlib", version, ZLIB, "https://github.com/madler/zlib", "", [("zlib.h", text)], "swift-nio-extras"))
    if executable.defines("c_nio_llhttp_"):
        folder = checkouts / "swift-nio/Sources/CNIOLLHTTP"
        header = folder / "include/c_nio_llhttp.h"
        version = ".".join(first(rf"define LLHTTP_VERSION_{part} (\d+)", header) for part in ("MAJOR", "MINOR", "PATCH"))
        texts = texts_of(folder)
        parts.append(Part("llhttp", version, licence_of(texts[0][1], "llhttp"), "https://github.com/nodejs/llhttp", "",
                          texts, "swift-nio"))
    if executable.defines("c_nio_sha1_"):
        text = (checkouts / "swift-nio/Sources/CNIOSHA1/c_nio_sha1.c").read_text()
        parts.append(Part("sha1", "", licence_of(text, "CNIOSHA1"), "", "", [("c_nio_sha1.c", comment(text))], "swift-nio"))
    if executable.defines("yaml_parser_parse"):
        # Yams says neither its version nor its licence, which is the one that Yams has, with other authors.
        terms = (checkouts / "Yams/LICENSE").read_text(encoding="utf-8")
        text = ("Copyright (c) 2017-2020 Ingy döt Net\nCopyright (c) 2006-2016 Kirill Simonov\n\n"
                + terms[terms.index("Permission is hereby granted"):])
        parts.append(Part("libyaml", "", licence_of(text, "libyaml"), "https://github.com/yaml/libyaml", "",
                          [("LICENSE", text)], "Yams"))
    return parts


def swift_runtime(executable):
    """Swift's own libraries, if they are in the executable (--static-swift-stdlib)."""
    if not executable.has_swift_runtime:
        return []
    banner = output("swift", "--version")
    version = re.search(r"Swift version (\S+)", banner).group(1)
    tool = Path(output("bash", "-c", "readlink -f \"$(command -v swift)\"").strip())
    licence = tool.parent.parent / "share/swift/LICENSE.txt"
    texts = [(licence.name, licence.read_text(encoding="utf-8"))] if licence.is_file() else []
    parts = [Part("swift", version, APACHE_WITH_EXCEPTION, "https://www.swift.org", "", texts)]
    # The name of its data says which one it is.
    versions = {match.group(1) for symbol in executable.symbols if (match := re.fullmatch(r"icudt(\d+)_dat", symbol))}
    if executable.defines("swift_u_") and not versions:
        sys.exit("the version of ICU in Foundation is not known")
    for version in versions:
        # Its licence does not come with Swift.
        text = "ICU comes under the Unicode License v3: https://www.unicode.org/license.txt\n"
        parts.append(Part("ICU", version, UNICODE, "https://github.com/unicode-org/icu", "",
                          [("license", text)], "swift"))
    return parts


def owners(paths):
    """The Debian package of each file. With /lib as a link to /usr/lib, dpkg may know it by either name."""
    names = {}
    for path in paths:
        real = str(Path(path).resolve())
        for name in (path, real, real.removeprefix("/usr"), "/usr" + path):
            names.setdefault(name, path)
    # It fails if it does not know one of them, and prints the others.
    done = subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True, check=False, timeout=120)
    known = [line.rpartition(": ") for line in done.stdout.splitlines() if not line.startswith("diversion")]
    return {names[name]: package.split(", ")[0] for package, _, name in known if name in names}


def debian_package(package, files, **more):
    form = "${Package}\t${Version}\t${source:Package}\t${source:Version}"
    return Library(*output("dpkg-query", "-W", f"-f={form}", package).split("\t"), sorted(files), **more)


def linked_libraries(executable):
    """The Debian packages whose libraries are linked into the executable: the image's, which loads neither."""
    result = []
    for archive, symbol, shared, licence in (
        ("libstdc++.a", "__cxa_throw", "libstdc++.so", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("libtcmalloc_minimal.a", "MallocExtension_ReleaseFreeMemory", "libtcmalloc_minimal.so", BSD),
    ):
        if symbol not in executable.symbols or any(name.startswith(shared) for name in executable.needed):
            continue
        path = output("clang", f"-print-file-name={archive}").strip()
        package = owners([path]).get(path)
        if not package:
            sys.exit(f"no package of Debian brings {path}")
        result.append(debian_package(package, [archive], licence=licence))
    return result


def libraries(executable):
    """The Debian packages whose libraries the executable loads, and the paths of libraries that no package owns, by name."""
    loaded, found, foreign = {}, {}, {}
    for line in output("ldd", executable.path).splitlines():
        match = re.match(r"\s*(?:(\S+) => )?(/\S+) \(0x", line)
        if match:
            loaded[match.group(2)] = match.group(1) or Path(match.group(2)).name
        elif "not found" in line:
            sys.exit(f"{executable.path}:{line}")
    packages = owners(loaded)
    for path, name in loaded.items():
        if path in packages:
            found.setdefault(packages[path], []).append(name)
        else:
            foreign[name] = Path(path)
    return [
        debian_package(package, names, direct=any(name in executable.needed for name in names))
        for package, names in sorted(found.items())
    ], foreign
