"""Writes the manual page of the command, or the file /etc/default/postern, from what the command says of itself.

usage: manual.py page EXECUTABLE DATE
       manual.py defaults EXECUTABLE UNIT
"""

import json
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass


def run(*command):
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=60).stdout


@dataclass
class Setting:
    variables: list
    key: str
    value: str
    default: str
    meaning: str

    @property
    def is_secret(self):
        return len(self.variables) > 1


def settings(executable):
    rows = []
    for line in run(executable, "config", "--markdown").splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 5 and cells[0].startswith("`"):
            variables = [name.strip(" `") for name in cells[0].split(",")]
            rows.append(Setting(variables, cells[1].strip("`"), cells[2], "" if cells[3] == "none" else cells[3].strip("`"),
                                cells[4]))
    if len(rows) < 20:
        sys.exit("postern config --markdown does not print the table of the settings")
    return rows


def roff(text):
    """The text as a line of roff: backslashes, hyphens of options, and code in bold."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fP", text)
    return "\\&" + text if text[:1] in (".", "'") else text


def paragraphs(text):
    lines = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines += [".PP", *(roff(" ".join(paragraph.split()))).split("\n")]
    return lines


def spelled(name):
    return {"long": "--", "short": "-", "longWithSingleDash": "-"}[name["kind"]] + name["name"]


def shown(command):
    return [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]


def synopsis(command):
    words = [f"\\fBpostern {command['commandName']}\\fP"]
    for argument in shown(command):
        repeated = " ..." if argument["isRepeating"] else ""
        if argument["kind"] == "positional":
            words.append(f"[\\fI{roff(argument['valueName'])}\\fP{repeated}]")
        elif spelled(argument["preferredName"]) not in ("--help", "--version"):
            value = f" \\fI{roff(argument['valueName'])}\\fP" if argument["kind"] == "option" else ""
            words.append(f"[\\fB{roff(spelled(argument['preferredName']))}\\fP{value}{repeated}]")
    return " ".join(words)


def option(argument):
    value = f" \\fI{roff(argument['valueName'])}\\fP" if argument["kind"] != "flag" else ""
    if argument["kind"] == "positional":
        name = value.strip()
    else:
        name = ", ".join(f"\\fB{roff(spelled(name))}\\fP" for name in argument["names"]) + value
    return [".TP", name, roff(" ".join((argument.get("abstract") or "").split()))]


def page(executable, date):
    command = json.loads(run(executable, "--experimental-dump-help"))["command"]
    version = run(executable, "--version").strip()
    known = settings(executable)
    subcommands = [each for each in command["subcommands"] if each["shouldDisplay"] and each["commandName"] != "help"]
    abstract = command["abstract"].rstrip(".")
    lines = [f'.TH POSTERN 1 "{date}" "Postern {version}" "User Commands"', ".nh", ".ad l",
             ".SH NAME", f"postern \\- {roff(abstract)}", ".SH SYNOPSIS"]
    for each in subcommands:
        lines += [synopsis(each), ".br"]
    lines += ["\\fBpostern \\-\\-version\\fP | \\fB\\-\\-help\\fP", ".SH DESCRIPTION", f"{roff(abstract)}.",
              "Each subcommand takes \\fB\\-\\-help\\fP.", ".SH COMMANDS"]
    names = {name for setting in known for name in setting.variables}
    for each in subcommands:
        lines += [f".SS postern {each['commandName']}", roff(each["abstract"])]
        discussion, listed = [], False
        for line in each.get("discussion", "").split("\n"):
            match = re.match(r"(POSTERN_\w+)(?: \(.*?\))?: ", line)
            if match and match.group(1) not in names:
                sys.exit(f"--help names {match.group(1)}, which is not in postern config --markdown")
            listed = listed or bool(match)
            if not match:
                discussion.append(line)
        if listed:
            discussion += ["", "ENVIRONMENT lists the settings."]
        if "\n".join(discussion).strip():
            lines += paragraphs("\n".join(discussion))
        for argument in shown(each):
            lines += option(argument)
    lines += [".SH ENVIRONMENT", "Each setting is an environment variable and, in lower case and without POSTERN_, a key of the "
              "configuration file. A flag beats the environment, which beats the file."]
    for setting in known:
        described = f"{setting.meaning} ({setting.value}" + (f"; default {setting.default}" if setting.default else "") + ")"
        lines += [".TP", ", ".join(f"\\fB{roff(name)}\\fP" for name in setting.variables), roff(described)]
    lines += [".SH FILES",
              ".TP", "\\fI/etc/postern/postern.yaml\\fP", "the configuration file of the service",
              ".TP", "\\fI/etc/default/postern\\fP", "environment variables of the service",
              ".TP", "\\fI/etc/postern/secrets/\\fP", "files with the secrets of the service, which only root may read",
              ".TP", "\\fI/var/lib/postern/postern.db\\fP", "records of Idempotency\\-Keys",
              ".SH SEE ALSO", "\\fBsystemctl\\fP(1), \\fBsendmail\\fP(8).",
              "The documentation is in \\fI/usr/share/doc/postern\\fP."]
    print("\n".join(lines))


def defaults(executable, unit):
    given = set()
    with open(unit, encoding="utf-8") as file:
        for line in file:
            if line.startswith("Environment="):
                given |= {word.split("=")[0] for word in line.removeprefix("Environment=").split()}
    print("# Environment variables of postern.service, which reads them when it starts. They beat /etc/postern/postern.yaml.")
    print("# Everybody can read this file: secrets belong in /etc/postern/secrets. See postern(1).")
    for setting in settings(executable):
        # Of a secret, the form that names a file.
        name = setting.variables[-1]
        print("#")
        for line in textwrap.wrap(f"{setting.meaning} ({setting.value})", 120, break_long_words=False, break_on_hyphens=False):
            print(f"# {line}")
        given_here = given & set(setting.variables)
        if given_here:
            print(f"# {given_here.pop()} is set by postern.service.")
        else:
            print(f"#{name}={setting.default if len(setting.variables) == 1 else ''}")


if __name__ == "__main__":
    {"page": page, "defaults": defaults}[sys.argv[1]](*sys.argv[2:])
