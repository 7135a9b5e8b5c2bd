"""Writes a systemd unit of the package: deploy/postern.service or postern.socket with what only a package has.

usage: unit.py FILE
"""

import re
import sys
from pathlib import Path

DOCUMENTATION = (r"^(Description=.*\n)", r"\1Documentation=man:postern(1)\n")
# What is replaced, and by what. Each has to be there once: the files in deploy/ may not change unseen.
CHANGES = {
    "postern.service": [
        (r"\A# /etc/systemd/system/postern\.service\n", "# Changes of your own belong in a drop-in: systemctl edit postern\n"),
        DOCUMENTATION,
        (r"docs/deployment\.md", "/usr/share/doc/postern/docs/deployment.md"),
        (r"^(LimitNOFILE=)", "# This file's settings beat those above.\nEnvironmentFile=-/etc/default/postern\n\\1"),
    ],
    "postern.socket": [
        (r"\A# /etc/systemd/system/postern\.socket\n",
         "# Changes of your own belong in a drop-in: systemctl edit postern.socket\n"),
        DOCUMENTATION,
    ],
}
# The paths of the package.
NEEDED = {
    "postern.service": [
        "ExecStart=/usr/bin/postern serve --config /etc/postern/postern.yaml", "LoadCredential=keys:/etc/postern/secrets/keys",
        "LoadCredential=relay-url:/etc/postern/secrets/relay-url"],
    "postern.socket": [],
}

path = Path(sys.argv[1])
unit = path.read_text(encoding="utf-8")
for pattern, replacement in CHANGES[path.name]:
    unit, count = re.subn(pattern, replacement, unit, flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{path} has {pattern!r} {count} times, not once: change {__file__} too")
for line in NEEDED[path.name]:
    if line not in unit.splitlines():
        sys.exit(f"{path} has no line {line!r}, which the package's files belong to")
print(unit, end="")
