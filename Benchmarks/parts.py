"""Which part of the program the instructions of a message belong to."""

import re

# By the module of a Swift symbol (its mangled name), or the object file: the first that fits counts.
PARTS = (
    ("HTTP", r"^\$s10HTTPServer|^cmicrohttpd_|^MHD_|libmicrohttpd|libgnutls"),
    ("decoding", r"^\$s4JSON|^\$s\d+Foundation|JSONDecoder|^\$s7Gateway\S*(?:JSON|Document|Member|Outline|Submission|FieldError)"),
    ("composing", r"^\$s15InternetMessage|^\$s11MailAddress|^\$s7Gateway\S*(?:Compos|MessageSeed|Draft)"),
    ("SMTP", r"^\$s4SMTP|^\$s\d+NIO|^\$s3NIO"),
    ("log and metrics", r"^\$s7Gateway\S*(?:Log|Metric|Histogram|Counter|Timestamp)|^\$s7Logging"),
    ("delivery and the rest of the gateway", r"^\$s7Gateway|^\$s7Records|^\$s4OTLP|^\$s7postern"),
)
# What the runtime does for whoever calls it, and returns: it counts for the caller.
LEAF = re.compile(
    r"^(swift_(retain|release|alloc|dealloc|slowAlloc|slowDealloc|bridgeObject|unknownObject|isUnique|initStack|getTypeByMangled"
    r"|getWitnessTable|getAssociated|dynamicCast|once|begin|end)|mem(cpy|move|cmp|chr)|__mem|_?malloc|_?free$|calloc|realloc|tc_"
    r"|operator (new|delete)|\$s11OctetSearch|\$ss|\$sS)")
OTHER = "runtime"


def part(function, library):
    for name, pattern in PARTS:
        if re.search(pattern, function) or re.search(pattern, library):
            return name
    return None


def instructions(dump):
    """The instructions of each part in a dump of callgrind. Those of memset do not count: see Benchmarks/instructions."""
    names, objects = {}, {}
    found = {}
    function, library, callee, is_call = "", "", "", False

    def name(table, text):
        """callgrind gives a name once, and its number from then on."""
        number, _, rest = text.partition(" ")
        if rest:
            table[number] = rest
        return table.get(number, text)

    called_library = ""
    with open(dump, errors="replace") as lines:
        for line in lines:
            if line.startswith("fn="):
                function = name(names, line[3:].strip())
            elif line.startswith("ob="):
                library = name(objects, line[3:].strip())
            elif line.startswith("cfn="):
                callee = name(names, line[4:].strip())
            elif line.startswith("cob="):
                called_library = name(objects, line[4:].strip())
            elif line.startswith("calls="):
                is_call = True
            elif line[:1].isdigit() or line[:1] in "+-*":
                cost = int(line.split()[1]) if len(line.split()) > 1 else 0
                own = part(function, library)
                if is_call:
                    # What the runtime does for a part is the part's.
                    if own is not None and LEAF.search(callee):
                        found[own] = found.get(own, 0) + cost
                else:
                    found[own or OTHER] = found.get(own or OTHER, 0) + cost
                is_call, called_library = False, ""
    return found
