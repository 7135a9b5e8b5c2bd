"""The columns that several tables share."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table; `ratio` has it compared between Postern and the peers in Go and Rust, round by round."""
    label: str
    key: str
    form: str
    ratio: bool = False


RATE = Column("messages/s", "per_second", ",.0f", ratio=True)
CPU = Column("CPU, µs/message", "cpu_us", ",.1f", ratio=True)
P50, P99 = Column("p50 ms", "p50_ms", ".2f"), Column("p99 ms", "p99_ms", ".2f", ratio=True)
OWN, OWN_PEAK = Column("own memory, MiB", "own_mib", ".1f"), Column("own memory, peak MiB", "own_peak_mib", ".1f")
FILES = Column("pages of files, MiB", "file_mib", ".1f")
THREADS = Column("threads", "threads", ".0f")
