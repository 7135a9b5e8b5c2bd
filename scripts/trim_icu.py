"""Writes a part of an ICU data package: python3 trim_icu.py PACKAGE RESULT. Used by scripts/trim-icu.

A package is a header, a table of contents (the number of items, and for each the offsets of its name and of its data, from the
table's beginning), the names, and the items, each at a multiple of 16. The items are sorted by name."""

import re
import struct
import sys

LOCALES = {"root", "pool", "en", "en_001", "en_US", "en_US_POSIX"}
# Of these folders: the locales above, and what does not depend on a locale. The others (names of languages, regions and units,
# transliteration, numbers in words, the order of texts) go.
FOLDERS = {"brkitr", "curr", "zone"}
BREAKS = {"char", "word", "word_POSIX"}
# Names of characters and of converters, and the order of texts.
UNUSED = {"unames", "cnvalias", "ucadata"}
# Without these, something is wrong with the package or with this script.
NEEDED = {"root.res", "pool.res", "en_US_POSIX.res", "supplementalData.res", "zoneinfo64.res", "nfkc.nrm", "uts46.nrm"}


def is_kept(path):
    *folder, name = path.split("/")[1:]
    base, _, kind = name.rpartition(".")
    if kind == "res":
        if folder:
            return folder[0] in FOLDERS and (base in LOCALES or base == "supplementalData")
        return base in LOCALES or not re.fullmatch(r"[a-z]{2,3}(_.*)?", base)
    # Converters (cnv), dictionaries (dict) and profiles of StringPrep (spp) go.
    return kind in ("nrm", "icu") and base not in UNUSED or kind == "brk" and base in BREAKS


def items(package):
    start, magic, kind = struct.unpack_from("<HH8x4s", package)
    if magic != 0x27DA or kind != b"CmnD":
        sys.exit("trim-icu: this is not an ICU data package in little-endian order")
    count, = struct.unpack_from("<I", package, start)
    table = [struct.unpack_from("<II", package, start + 4 + 8 * index) for index in range(count)]
    ends = [offset for _, offset in table[1:]] + [len(package) - start]
    for (name, offset), end in zip(table, ends):
        path = package[start + name:package.index(b"\0", start + name)].decode()
        yield path, package[start + offset:start + end]


def written(header, kept):
    names, table, content = b"", [], bytearray()
    base = 4 + 8 * len(kept)
    data = base + sum(len(path) + 1 for path, _ in kept)
    for path, item in kept:
        content += b"\0" * (-(len(header) + data + len(content)) % 16)
        table.append(struct.pack("<II", base + len(names), data + len(content)))
        names += path.encode() + b"\0"
        content += item
    return header + struct.pack("<I", len(kept)) + b"".join(table) + names + bytes(content)


def main(source, result):
    with open(source, "rb") as file:
        package = file.read()
    everything = list(items(package))
    kept = [(path, item) for path, item in everything if is_kept(path)]
    missing = NEEDED - {path.split("/", 1)[1] for path, _ in kept}
    if missing:
        sys.exit(f"trim-icu: the data has no {', '.join(sorted(missing))}")
    header, = struct.unpack_from("<H", package)
    part = written(package[:header], kept)
    again = list(items(part))
    if [path for path, _ in again] != [path for path, _ in kept] or \
            not all(read.startswith(item) for (_, read), (_, item) in zip(again, kept)):
        sys.exit("trim-icu: what was written cannot be read")
    with open(result, "wb") as file:
        file.write(part)
    print(f"trim-icu: {len(kept)} of {len(everything)} items, {len(part)} of {len(package)} bytes", file=sys.stderr)


main(*sys.argv[1:])
