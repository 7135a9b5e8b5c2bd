"""Writes Debian's copyright file, and the licences and notices of everything that is linked into the executable.

usage: copyright.py EXECUTABLE COPYRIGHT LICENCES
"""

import re
import sys
from pathlib import Path

from parts import APACHE, APACHE_WITH_EXCEPTION, BSD, CC0, MIT, ROOT, UNICODE, ZLIB, Executable, embedded, swift_packages, \
    swift_runtime

HOLDERS = {
    "BoringSSL": "the OpenSSL Project Authors and Google LLC",
    "XKCP": "Gilles Van Assche and Ronny Van Keer, who waived it; 1998-2008 Brian Gladman (brg_endian.h)",
    "libyaml": "2006-2016 Kirill Simonov, 2017-2020 Ingy döt Net",
    "zlib": "1995-2026 Jean-loup Gailly and Mark Adler",
    "ICU": "1991-2024 Unicode, Inc.",
    "swift": "Apple Inc. and the Swift project authors",
}
# What Debian has in /usr/share/common-licenses is not repeated.
APACHE_NOTE = """ Licensed under the Apache License, Version 2.0. On Debian systems its text is in
 /usr/share/common-licenses/Apache-2.0."""


def all_parts(executable):
    packages, _ = swift_packages(executable)
    return packages + embedded(executable) + swift_runtime(executable)


def holder(part):
    if part.name in HOLDERS:
        return HOLDERS[part.name]
    for _, text in part.texts:
        for line in text.splitlines():
            match = re.match(r"\s*Copyright (?:\(c\)|\(C\)|©)?\s*(?!\[yyyy\]|notice|License)(.+?)\.?\s*$", line)
            # Not the sentences of Apache's licence.
            if match and re.search(r"[A-Z0-9]", match.group(1)[0]):
                return match.group(1)
    return f"the authors of {part.name}"


def indented(text):
    return "\n".join(f" {line.strip()}" if line.strip() else " ." for line in text.strip().splitlines())


def exception_text(parts):
    """The Runtime Library Exception as the licences have it."""
    for part in parts:
        for _, text in part.texts:
            if "Runtime Library Exception" in text:
                return text[text.index("## Runtime Library Exception"):].split("\n", 1)[1].strip()
    sys.exit("no licence has the Runtime Library Exception")


def copyright_file(parts):
    own = (ROOT / "LICENSE").read_text(encoding="utf-8")
    terms = own[own.index("Redistribution and use"):]
    lines = ["Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/", "Upstream-Name: postern",
             "Comment:", " The executable contains code of the packages below. Their licences and notices, unchanged, are in",
             " /usr/share/doc/postern/third-party.txt.gz.", "", "Files: *",
             "Copyright: 2026 the Postern authors", " 2003-2008 Felix L. Winkelmann", "License: BSD-3-Clause", ""]
    for part in parts:
        folder = f"{part.within}/{part.name}" if part.within else part.name
        version = f"{part.version} " if part.version else ""
        lines += [f"Files: third-party/{folder}/*", f"Copyright: {holder(part)}", f"License: {short(part.licence)}",
                  f"Comment: {version}{part.location}".rstrip(), ""]
    lines += ["License: BSD-3-Clause", indented(terms), "", "License: Apache-2.0", APACHE_NOTE, ""]
    if any(part.licence == APACHE_WITH_EXCEPTION for part in parts):
        lines += ["License: Apache-2.0-with-Swift-exception", APACHE_NOTE, " .", indented(exception_text(parts)), ""]
    if any(part.licence == CC0 for part in parts):
        lines += ["License: CC0-1.0", " To the extent possible under law, the implementer has waived all copyright and related or",
                  " neighboring rights to the source code. On Debian systems the text of CC0 1.0 is in",
                  " /usr/share/common-licenses/CC0-1.0.", ""]
    for part in parts:
        if part.licence == ZLIB:
            text = part.texts[0][1]
            lines += ["License: Zlib", indented(text[text.index("This software is provided"):text.index("Jean-loup Gailly  ")]), ""]
        if part.licence == UNICODE:
            lines += ["License: Unicode-3.0", indented(part.texts[0][1]), ""]
    mit = next(text for part in parts if part.licence == MIT for _, text in part.texts)
    lines += ["License: Expat", indented(mit[mit.index("Permission is hereby granted"):])]
    return "\n".join(lines) + "\n"


def short(licence):
    """The name of a licence in Debian's copyright files."""
    names = {APACHE: "Apache-2.0", APACHE_WITH_EXCEPTION: "Apache-2.0-with-Swift-exception", MIT: "Expat",
             BSD: "BSD-3-Clause", CC0: "CC0-1.0", ZLIB: "Zlib", UNICODE: "Unicode-3.0"}
    return names[licence]


def licences(parts):
    """Every text once, with the packages that have it."""
    texts = {}
    for part in parts:
        for name, text in part.texts:
            label = f"{part.name} {part.version}".strip() + (f" in {part.within}" if part.within else "")
            texts.setdefault(text.strip(), []).append(f"{label}: {name}")
    blocks = ["The licences and notices of the packages that are linked into postern. Each text stands once, below the names of\n"
              "the packages that have it.\n"]
    line = "=" * 100
    blocks += ["\n".join([line, *names, line, "", text, ""]) for text, names in texts.items()]
    return "\n".join(blocks)


if __name__ == "__main__":
    found = all_parts(Executable(sys.argv[1]))
    Path(sys.argv[2]).write_text(copyright_file(found), encoding="utf-8")
    Path(sys.argv[3]).write_text(licences(found), encoding="utf-8")
