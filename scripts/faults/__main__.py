"""The command line of scripts/check-faults."""

import argparse
import asyncio
import collections
import fnmatch
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import cells as matrix_cells
import gateways
import matrix
import table

ROOT = Path(__file__).resolve().parent.parent.parent

HELP = """usage: scripts/check-faults [--only PATTERN]... [--all] [--list] [--verbose] [--jobs N] [--postern FILE] [--write-table]

A scripted relay fails at every stage of a session in every way, and each cell of that matrix is one message that meets one
failure. Of each cell the response, what the relay had of the message, a repeated request with the same Idempotency-Key, and
the next message are compared with scripts/faults.tsv. Ends with 1 if one of them differs, or if a response contradicts what
the relay took.

  --only PATTERN   only the cells whose name matches, such as 'first.mail.*' or '*:starttls+pipelining:*'
  --all            every cell, and not only as many as it takes for all pairs of properties to occur
  --list           prints the cells and what is expected of them, and runs none
  --verbose        prints what a relay and the gateway said in each cell that failed
  --jobs N         cells side by side (default 24)
  --postern FILE   the executable (default .build/debug/postern)
  --write-table    writes scripts/faults.tsv anew, from the rules in scripts/faults/rules.py"""


def main():
    parser = argparse.ArgumentParser(add_help=False, usage=HELP.partition("\n")[0].removeprefix("usage: "))
    parser.add_argument("--help", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    for name in ("all", "list", "verbose", "write-table"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--jobs", type=int, default=24)
    parser.add_argument("--postern", default=str(ROOT / ".build/debug/postern"))
    options = parser.parse_args()
    if options.help:
        print(HELP)
        return 0
    every = list(matrix_cells.every_cell())
    path = ROOT / "scripts/faults.tsv"
    if options.write_table:
        path.write_text(table.text(every))
        return 0
    if path.read_text() != table.text(every):
        print(f"{path} is not what follows from scripts/faults/rules.py; look at the difference that --write-table makes")
        return 1
    expected = table.read(path, every)
    chosen = every if options.all or options.only else matrix_cells.selection(every)
    if options.only:
        chosen = [cell for cell in chosen if any(fnmatch.fnmatchcase(cell.name, pattern) for pattern in options.only)]
    if not chosen:
        parser.error("no cell has such a name; see --list")
    if options.list:
        for cell in chosen:
            print(cell.name, *expected[cell], sep="\t")
        return 0
    if not os.access(options.postern, os.X_OK):
        parser.error(f"build it first: {options.postern} is missing")
    folder = Path(tempfile.mkdtemp(prefix="postern-faults-"))
    run = matrix.Matrix(options.postern, folder, gateways.certificates(folder), expected)
    begun = time.monotonic()
    asyncio.run(run.run(chosen, options.jobs))
    return report(run, chosen, time.monotonic() - begun, folder, options)


def report(run, chosen, seconds, folder, options):
    failed = sorted((result for result in run.results if result.faults), key=lambda result: result.cell.name)
    for (row, faults), group in alike(failed).items():
        print(f"FAILED {group[0].cell.name}" + (f" and {len(group) - 1} more of {row}" if group[1:] else ""))
        for fault in faults:
            print(f"    {fault}")
        if options.verbose:
            for line in group[0].log:
                print(f"        {line}")
    counts = collections.Counter(result.cell.position for result in run.results)
    kinds = ", ".join(f"{count} {position}" for position, count in counts.items())
    print(f"{len(run.results)} cells ({kinds}) in {seconds:.0f} s with {len(run.gateways)} gateways, "
          f"{run.repeated} tries repeated, {len(failed)} failed")
    print(f"content went by BDAT in {run.chunked} of them, and by DATA in the others")
    if len(run.results) != len(chosen):
        print(f"FAILED {len(chosen) - len(run.results)} cells did not end")
        return 1
    if failed:
        print(f"The gateways' logs are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def alike(failed):
    """Cells of one row that failed in the same way, but for the numbers of messages and replies."""
    groups = {}
    for result in failed:
        cell = result.cell
        faults = tuple(re.sub(r"\b([abmnwt])\d+\b", r"\1…", fault) for fault in result.faults)
        groups.setdefault((f"{cell.position}.{cell.stage}.{cell.fault}.{cell.mode}", faults), []).append(result)
    return groups


sys.exit(main())
