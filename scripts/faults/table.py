"""scripts/faults.tsv: what is expected of each cell, in rows that hold for several of them."""

import itertools

import rules

PROPERTIES = ["tls", "pipelining", "chunking", "format", "key"]
HEAD = ["message", "stage", "fault", "times", *PROPERTIES, *rules.Expected._fields]
NOTE = """\
# What is expected of each cell of the fault matrix (docs/reliability.md). `any` stands for all values of a property.
# message: which message meets the fault; times: whether the relay fails once or always; relay: what it had of the message;
# attempts: how often it was told the envelope; `*`: not promised.
"""


def _value(cell, name):
    value = getattr(cell, name)
    return {True: "yes", False: "no"}.get(value, value)


def _row_key(cell):
    return cell.position, cell.stage, cell.fault, cell.mode


def text(cells):
    lines = [NOTE + "\t".join(HEAD)]
    for key, group in itertools.groupby(cells, _row_key):
        group = [(cell, rules.expected(cell)) for cell in group]
        for values, expected in _rows(group):
            lines.append("\t".join([*key, *values, *expected]))
    return "\n".join(lines) + "\n"


def _rows(group):
    """The fewest properties that decide, and a row for each of their values."""
    for count in range(len(PROPERTIES) + 1):
        for chosen in itertools.combinations(PROPERTIES, count):
            rows = {}
            if all(rows.setdefault(tuple(_value(cell, name) for name in chosen), expected) == expected
                   for cell, expected in group):
                for values, expected in rows.items():
                    named = dict(zip(chosen, values))
                    yield [named.get(name, "any") for name in PROPERTIES], expected
                return


def read(path, cells):
    """What the table expects of each cell.

    A cell without a row, a row without a cell, and two rows for one cell are errors.
    """
    rows = {}
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    if lines[0].split("\t") != HEAD:
        raise SystemExit(f"{path} has other columns than {' '.join(HEAD)}")
    for line in lines[1:]:
        fields = line.split("\t")
        rows.setdefault(tuple(fields[:4]), []).append((fields[4:9], rules.Expected(*fields[9:])))
    found, used = {}, set()
    for cell in cells:
        values = [_value(cell, name) for name in PROPERTIES]
        matching = [(index, expected) for index, (wanted, expected) in enumerate(rows.get(_row_key(cell), []))
                    if all(want in ("any", value) for want, value in zip(wanted, values))]
        if len(matching) != 1:
            raise SystemExit(f"{path} has {len(matching)} rows for {cell.name}")
        used.add((_row_key(cell), matching[0][0]))
        found[cell] = matching[0][1]
    for key, listed in rows.items():
        if any((key, index) not in used for index in range(len(listed))):
            raise SystemExit(f"{path} has a row for no cell: {' '.join(key)}")
    return found
