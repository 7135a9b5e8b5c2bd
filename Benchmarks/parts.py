"""Which part of the program the instructions of a message belong to."""

import re

# By the module of a Swift symbol (its mangled name), or the library: the first that fits counts. What the Swift runtime, the
# allocator and the C library do for a part is told apart from what it does itself.
PARTS = (
    ("HTTP", r"^\$s10HTTPServer|^cmicrohttpd_|^MHD_|libmicrohttpd|libgnutls"),
    ("decoding", r"^\$s4JSON|^\$s20FoundationEssentials|^\$s7Gateway\S*(?:JSON|Document|Member|8Elements|FieldError|10SubmissionC)"),
    ("composing", r"^\$s15InternetMessage|^\$s11MailAddress|^\$s7Gateway\S*(?:Compos|MessageSeed|5DraftO)"),
    ("SMTP and its loop", r"^\$s4SMTP|^\$s\d+(?:_)?NIO|^\$s3NIO"),
    ("log and metrics", r"^\$s7Gateway\S*(?:LogField|LogHandler|MessageLog|Metric|Histogram|Counter|Timestamp)|^\$s7Logging"),
    ("delivery and the rest of the gateway", r"^\$s7Gateway|^\$s7Records|^\$s4OTLP|^\$s7postern"),
    ("octet searches", r"^\$s11OctetSearch"),
)
OTHER = "Swift runtime, allocator, C library"
# What any part may call. Its instructions have lines of their own, and are those of its callers in the second column.
SHARED = (OTHER, "octet searches")
# Shares go from callers to callees; calls of shared functions by each other are followed so far.
STEPS = 60


def part(function, library):
    for name, pattern in PARTS:
        if re.search(pattern, function) or re.search(pattern, library):
            return name
    return OTHER


def read(dump):
    """What stands in a dump of callgrind: the instructions of each function itself, and of each call, by caller and callee.

    A function is a pair of its name and its library. Those of memset do not count: see Benchmarks/instructions.
    """
    names, libraries, own, calls = {}, {}, {}, {}
    function, library, callee, callee_library, is_call = "", "", "", "", False

    def name(table, text):
        """callgrind gives a name once, and its number from then on."""
        number, _, rest = text.partition(" ")
        if rest:
            table[number] = rest
        return table.get(number, text)

    with open(dump, errors="replace") as lines:
        for line in lines:
            if line.startswith("fn="):
                function = name(names, line[3:].strip())
            elif line.startswith("ob="):
                library = name(libraries, line[3:].strip())
            elif line.startswith("cfn="):
                callee = name(names, line[4:].strip())
            elif line.startswith("cob="):
                callee_library = name(libraries, line[4:].strip())
            elif line.startswith("calls="):
                is_call = True
            elif line[:1].isdigit() or line[:1] in "+-*":
                words = line.split()
                if len(words) > 1 and is_call:
                    # The line below a call has what the callee took. Without a library it is in the caller's.
                    edge = ((function, library), (callee, callee_library or library))
                    calls[edge] = calls.get(edge, 0) + int(words[1])
                elif len(words) > 1 and "memset" not in function:
                    own[function, library] = own.get((function, library), 0) + int(words[1])
                if is_call:
                    is_call, callee_library = False, ""
    return own, calls


def instructions(dump):
    """The instructions of each part in a dump of callgrind: its own, and with those of the shared functions that it calls,
    which are divided among their callers as the calls' instructions are."""
    own, calls = read(dump)
    owners = {function: part(*function) for function in {*own, *(function for edge in calls for function in edge)}}
    callers = {}
    for (caller, callee), count in calls.items():
        if owners[callee] in SHARED and caller != callee and count:
            callers.setdefault(callee, {})[caller] = count
    # Of each shared function, which share of it is each part's.
    shares = {function: {} for function in callers}
    for _ in range(STEPS):
        for function, counts in callers.items():
            total, found = sum(counts.values()), {}
            for caller, count in counts.items():
                owner = owners[caller]
                known = {owner: 1} if owner not in SHARED else shares.get(caller, {OTHER: 1})
                for name, share in known.items():
                    found[name] = found.get(name, 0) + share * count / total
            shares[function] = found
    alone, whole = {}, {}
    for function, count in own.items():
        owner = owners[function]
        alone[owner] = alone.get(owner, 0) + count
        known = {owner: 1} if owner not in SHARED else shares.get(function, {OTHER: 1})
        for name, share in known.items():
            whole[name] = whole.get(name, 0) + share * count
        # What calls of each other leave over.
        whole[OTHER] = whole.get(OTHER, 0) + count * (1 - sum(known.values()))
    return alone, whole
