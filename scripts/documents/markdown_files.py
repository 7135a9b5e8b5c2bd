"""Reads the project's Markdown: its links, its code blocks, and the sections of docs/errors.md."""

import re
import subprocess
from dataclasses import dataclass, field

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^ *<!--.*?-->\n?", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """A fenced code block."""

    path: str
    line: int
    language: str
    text: str
    # What a comment in front of it says to scripts/check-docs: a name and a text.
    notes: dict = field(default_factory=dict)


def tracked(*pathspecs):
    """The files of the repository, new ones included, and those that are ignored left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *pathspecs], capture_output=True,
        check=True, text=True).stdout
    return sorted({name for name in listed.split("\0") if name})


def without_code(text):
    """The text with blanks for code, so that places in it stay the same."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", blank, FENCE.sub(blank, text))


def without_comments(text):
    """The text without HTML comments that stand on lines of their own."""
    blanked = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    for match in reversed(list(COMMENT.finditer(blanked))):
        text = text[:match.start()] + text[match.end():]
    return text


def links(text):
    """Each link: its place, where it leads, and whether it is an image."""
    for match in LINK.finditer(without_code(text)):
        yield match.start(3), match.group(3), match.group(1) == "!"
        # An image in a link.
        for inner in LINK.finditer(match.group(2)):
            yield match.start(2) + inner.start(3), inner.group(3), inner.group(1) == "!"


def relink(text, moved):
    """The text with other links."""
    for place, link, is_image in sorted(links(text), reverse=True):
        text = text[:place] + moved(link, is_image) + text[place + len(link):]
    return text


def problems(errors):
    """The sections of docs/errors.md, one for each type of problem: its label and its text."""
    sections = re.split(r"^### (.+)\n", errors, flags=re.MULTILINE)
    return {label: re.split(r"^## ", text, flags=re.MULTILINE)[0].strip()
            for label, text in zip(sections[1::2], sections[2::2])}


def blocks(path, text):
    """The code blocks of a document, with the notes in the comments in front of them."""
    for match in FENCE.finditer(text):
        indentation, _, language, code = match.groups()
        code = re.sub(rf"^{indentation}", "", code, flags=re.MULTILINE)
        before = re.search(r"((?:^ *<!--(?:(?!-->).)*-->\s*)+)\Z", text[:match.start()], re.MULTILINE | re.DOTALL)
        notes = dict(re.findall(r"<!-- check-docs: ([a-z-]+)(?:: (.*?))? -->", before.group(1))) if before else {}
        yield Block(path, text.count("\n", 0, match.start()) + 1, language.strip(), code, notes)
