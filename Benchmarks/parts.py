"""Which part of the program the instructions of a message belong to."""

import re

# By the module of a Swift symbol (its mangled name), or the library: the first that fits counts. What the Swift runtime, the
# allocator and the C library do for a part is not the part's, but has a line of its own.
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


def part(function, library):
    for name, pattern in PARTS:
        if re.search(pattern, function) or re.search(pattern, library):
            return name
    return OTHER


def instructions(dump):
    """The instructions of each part in a dump of callgrind. Those of memset do not count: see Benchmarks/instructions."""
    names, libraries, found = {}, {}, {}
    function, library, is_call = "", "", False

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
                name(names, line[4:].strip())
            elif line.startswith("cob="):
                name(libraries, line[4:].strip())
            elif line.startswith("calls="):
                is_call = True
            elif line[:1].isdigit() or line[:1] in "+-*":
                words = line.split()
                # The line below a call has what the callee took, which is counted there.
                if not is_call and len(words) > 1 and "memset" not in function:
                    owner = part(function, library)
                    found[owner] = found.get(owner, 0) + int(words[1])
                is_call = False
    return found
