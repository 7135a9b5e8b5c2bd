"""The cells of the matrix: which relay fails how, at which stage, and for which message."""

import dataclasses
import itertools

# The stages of a session, in their order. `ehlo-tls` is the EHLO after STARTTLS, `tls` the handshake, `rcpt2` the second of two
# recipients, `rset` the RSET after a refused DATA, `content` the time before the final dot has been sent, `final` the reply to
# it, and `after` what a relay does after it has confirmed the message.
SETUP = ["connect", "tls", "greeting", "ehlo", "starttls", "ehlo-tls", "auth"]
ENVELOPE = ["mail", "rcpt", "rcpt2", "data"]
STAGES = SETUP + ENVELOPE + ["rset", "content", "final", "after"]

# What the relay does at the stage instead of its usual reply. For each: the kind, from which the rules of what has to come of
# it follow.
#
#   good       the usual reply, in an unusual form
#   refuse4, refuse5, refuse421, refuse503, refuse530
#              a negative reply; after a `+` stands what the relay does next
#   violation  octets that are no reply, or no reply to this command
#   unasked    the usual reply, and octets that no command asked for in the same packet
#   silence    no whole reply
#   broken     no whole reply, and the connection is gone
FAULTS = {
    "split": "good",                    # each octet in a packet of its own
    "long-line": "good",                # a line of 6,000 octets
    "many-lines": "good",               # a reply of 60 lines
    "group": "good",                    # the replies to a group of commands in one packet
    "4yz": "refuse4",
    "4yz+close": "refuse4",
    "5yz": "refuse5",
    "5yz-split": "refuse5",
    "5yz-long-line": "refuse5",
    "5yz+close": "refuse5",
    "5yz+reset": "refuse5",
    "5yz+silent": "refuse5",
    "421": "refuse421",                 # and closes
    "503": "refuse503",
    "530": "refuse530",
    "malformed-text": "violation",      # words without a code
    "malformed-code": "violation",      # a code that SMTP does not have
    "malformed-separator": "violation",  # 250=…
    "malformed-lines": "violation",     # two codes in one reply
    "malformed-binary": "violation",
    "misfit": "violation",              # 354 instead of 250, or 250 instead of 354
    "endless-line": "violation",        # a line without an end
    "endless-lines": "violation",       # a reply without a last line
    "double": "unasked",                # the same reply twice
    "early": "unasked",                 # the reply to a command that was not sent yet
    "early-5yz": "unasked",             # a refusal that nobody asked for
    "early-piece": "unasked",           # the first octet of a reply that was not asked for; the others come later
    "silent": "silence",
    "half+silent": "silence",           # half a reply, then silence
    "trickle": "silence",               # the usual reply, one octet a second
    "close": "broken",
    "half+close": "broken",             # a reply without its line's end, then the connection is closed
    "reset": "broken",
    "truncate": "broken",               # TLS: the connection ends without close_notify
}

# Only some stages have these.
CONNECT = {"refused": "broken", "unanswered": "silence"}
HANDSHAKE = {
    "close": "broken", "reset": "broken", "silent": "silence",
    "clear-text": "tls",                # an SMTP reply instead of a handshake
    "garbage": "tls",                   # octets that are no TLS record
    "untrusted": "tls",                 # a certificate that no known authority signed
}
CONTENT = [
    "4yz", "4yz+close", "5yz", "5yz-split", "5yz-long-line", "5yz+close", "5yz+reset", "421", "malformed-text", "malformed-code",
    "malformed-binary", "misfit", "endless-line", "endless-lines", "early", "silent", "close", "reset", "truncate",
]
# What comes behind the confirmation, in the same packet or (`late`) 30 ms later.
AFTER = {
    "extra": "good", "extra-4yz": "good", "extra-5yz": "good", "extra-421": "good", "extra-354": "good", "garbage": "good",
    "endless": "good", "close": "good", "reset": "good", "truncate": "good", "deaf": "silence",
    "late-extra": "good", "late-5yz": "good", "late-421": "good", "late-garbage": "good", "late-close": "good",
    "late-half": "good",                # the beginning of a reply; nothing follows
    "late-half-rest": "good",           # the same; the rest comes when the next command has been sent
    "late-half-rest-5yz": "good",
}

TLS = ["none", "starttls", "implicit"]
FORMATS = ["json", "raw", "held"]
# `first`: the message is the first one on its session. `later`: the session has carried another one. `chained`: its envelope
# goes out behind the content of another message (RFC 2920). `leading`: another one's envelope goes out behind its content.
# `queued`: another message waits for its session.
POSITIONS = ["first", "later", "chained", "leading", "queued"]


@dataclasses.dataclass(frozen=True)
class Cell:
    position: str
    stage: str
    fault: str
    # `once`: the relay fails once. `always`: it fails as often as this message, or a session, comes.
    mode: str
    tls: str
    pipelining: bool
    chunking: bool
    # `json`; `raw`: message/rfc822; `held`: the same, whose client waits in the middle of the content.
    format: str
    key: bool

    @property
    def kind(self):
        if self.stage == "connect":
            return CONNECT[self.fault]
        if self.stage == "tls":
            return HANDSHAKE[self.fault]
        if self.stage == "after":
            return AFTER[self.fault]
        return FAULTS[self.fault]

    @property
    def takes_time(self):
        """Whether a timeout of the gateway passes."""
        return self.kind == "silence" or "silent" in self.fault or self.fault.startswith("late-half")

    @property
    def name(self):
        transport = [self.tls] + ["pipelining"] * self.pipelining + ["chunking"] * self.chunking
        request = [self.format] + ["key"] * self.key
        return f"{self.position}.{self.stage}.{self.fault}.{self.mode}:{'+'.join(transport)}:{'+'.join(request)}"


def _faults(stage):
    if stage == "connect":
        return CONNECT
    if stage == "tls":
        return HANDSHAKE
    if stage == "content":
        return CONTENT
    if stage == "after":
        return AFTER
    return FAULTS


def exists(cell):
    """Whether there can be such a cell."""
    stage, fault = cell.stage, cell.fault
    if stage in ("starttls", "ehlo-tls") and cell.tls != "starttls" or stage == "tls" and cell.tls == "none":
        return False
    if fault == "truncate" and (cell.tls == "none" or cell.tls == "starttls" and stage in ("greeting", "ehlo", "starttls")):
        return False
    if fault in ("503", "530") and stage not in ("mail", "data"):
        return False
    if fault == "group" and not (cell.pipelining and stage == "mail" and cell.position in ("first", "later")):
        return False
    # Behind STARTTLS nothing but a handshake may come, and a reply of many lines has no place for a token there.
    if fault == "many-lines" and stage in ("ehlo", "ehlo-tls"):
        return False
    # With PIPELINING the commands that such octets would be early for have been sent. After the final dot it is `after`.
    if fault in ("early", "early-5yz") and stage != "content":
        if stage == "final" or cell.pipelining and stage in ("mail", "rcpt", "rcpt2"):
            return False
    if fault == "early-piece" and not (stage == "data" and cell.format == "held"):
        return False
    if fault == "double" and stage == "final":
        return False
    # The relay cannot do more than read what has come.
    if stage == "content":
        if cell.format == "raw" or cell.format == "held" and fault == "silent":
            return False
    if cell.format == "held" and stage != "content" and fault not in (
            "early", "early-5yz", "early-piece", "double", "4yz", "5yz", "421", "close", "reset", "misfit"):
        return False
    # With an Idempotency-Key a request is read to its end before a session is asked for.
    if cell.format == "held" and (cell.key or stage in SETUP or stage in ("rcpt2", "rset")):
        return False
    if cell.position != "first":
        if stage in SETUP or stage == "rcpt2":
            return False
    if cell.position == "later":
        # After the final dot nothing is repeated: a fault that comes once says it all.
        if cell.mode == "always" and stage not in ("mail", "rcpt", "data"):
            return False
    elif cell.position == "chained":
        if not cell.pipelining or stage in ("rset", "after"):
            return False
        if cell.mode == "always" and stage not in ("mail", "rcpt", "data"):
            return False
        # Whether a refused MAIL is asked once more is not promised; what is told if it is refused again, is.
        if cell.mode == "once" and stage == "mail" and cell.kind == "refuse5":
            return False
    elif cell.mode == "always":
        return False
    # What comes late meets the commands of a message that waits, as if it were the reply to them: no client can know better.
    if cell.position == "queued" and fault.startswith("late-"):
        return False
    if cell.position in ("leading", "queued"):
        if stage not in ("final", "after") or (cell.position == "leading") != cell.pipelining or cell.format == "held":
            return False
    return True


def every_cell():
    for position in POSITIONS:
        for stage in STAGES:
            for fault in _faults(stage):
                for mode, tls, pipelining, chunking, form, key in itertools.product(
                        ("once", "always"), TLS, (False, True), (False, True), FORMATS, (False, True)):
                    cell = Cell(position, stage, fault, mode, tls, pipelining, chunking, form, key)
                    if exists(cell):
                        yield cell


def selection(cells):
    """Of each row of the table as few cells as it takes for every pair of two properties to occur (if the message is not the
    first one: of TLS and PIPELINING, and every single property). `--all` takes them all."""
    chosen = []
    for _, group in itertools.groupby(cells, lambda cell: (cell.position, cell.stage, cell.fault, cell.mode)):
        left = {cell: _features(cell) for cell in group}
        while left:
            best = max(left, key=lambda cell: len(left[cell]))
            found = left[best]
            if not found:
                break
            chosen.append(best)
            left = {cell: features - found for cell, features in left.items() if cell != best}
    return chosen


def _features(cell):
    # Before MAIL it makes no difference what is offered.
    names = ("tls", "format", "key") if cell.stage in SETUP else ("tls", "pipelining", "chunking", "format", "key")
    properties = [(name, getattr(cell, name)) for name in names]
    if cell.position == "first":
        return set(itertools.combinations(properties, 2))
    return {(single,) for single in properties} | {(("tls", cell.tls), ("pipelining", cell.pipelining))}
