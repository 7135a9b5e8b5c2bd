#!/usr/bin/env python3
"""The linker of the image's executable: ld.lld in the folder that scripts/image-parts makes, started by clang.

What it does to the executable:

- A small part of ICU's data takes the place of all of it (31 MB less). It has to stand before Foundation's archive.
- It has no symbols for plugins (4.5 MB), compact relocations (3.4 MB), and no unwinding tables (7.4 MB): nothing here catches C++
  exceptions, what writes backtraces is not in the image, and debuggers follow the frame pointers.
- It brings the allocator and what it needs of C++'s library, of which the shared one has 2 MB more. What CAllocator looks up in the
  allocator stays visible.
- Two packages are collections of algorithms of which little is used, but Swift marks each of their types as used (1.2 MB). They
  are linked as archives are: a file of which nothing is needed is left out. That would not be safe for a package with files that
  only make types of other files conform to protocols, because a conformance may be looked up by nobody but the running program.
"""

import os
import re
import shlex
import sys
from pathlib import Path

PARTS = Path(__file__).resolve().parent
AS_ARCHIVES = re.compile(r"/(Algorithms|AsyncAlgorithms)\.build/[^/]+\.o$")


def given():
    for argument in sys.argv[1:]:
        if argument.startswith("@"):
            yield from shlex.split(Path(argument[1:]).read_text(encoding="utf-8"))
        else:
            yield argument


everything = list(given())
arguments = [
    f"-L{PARTS}/static", f"{PARTS}/icu.o", *map(str, sorted(PARTS.glob("allocator/*.o"))), "--as-needed",
    "--start-lib", *filter(AS_ARCHIVES.search, everything), "--end-lib",
    *(each for each in everything if not AS_ARCHIVES.search(each)), "--no-export-dynamic",
    "--export-dynamic-symbol=MallocExtension_ReleaseFreeMemory", "-z", "pack-relative-relocs", "--no-eh-frame-hdr",
    "-T", f"{PARTS}/no-unwinding.ld",
]
response = PARTS / "arguments"
response.write_text("\n".join(map(shlex.quote, arguments)), encoding="utf-8")
os.execvp("ld.lld", ["ld.lld", f"@{response}"])
