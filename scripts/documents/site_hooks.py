"""What scripts/site adds to mkdocs: documents outside docs/, a page for each type of problem, files that are linked, the API.

The Markdown files are written for readers of the repository, so a link in them leads to a file of the repository. Here each
such link is pointed at the page that shows the file.
"""

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, InclusionLevel

sys.path.insert(0, str(Path(__file__).parent))
import api_reference  # noqa: E402, beside this file
import markdown_files  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# Documents outside docs/, and what their pages are called in the site.
DOCUMENTS = {
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "clients.md",
    "Benchmarks/README.md": "benchmarks/README.md",
    "Benchmarks/RESULTS.md": "benchmarks/results.md",
    "Benchmarks/HISTORY.md": "benchmarks/history.md",
    "Fuzz/README.md": "fuzzing.md",
}
# Links that lead to something better than the file itself.
INSTEAD = {"docs/README.md": "index.md", "openapi.yaml": "api/endpoints.md", "docs": "index.md"}
LANGUAGES = {
    ".conf": "nginx", ".yaml": "yaml", ".yml": "yaml", ".service": "ini", ".json": "json", ".sh": "sh", ".py": "python",
    ".mjs": "js", ".go": "go", ".swift": "swift", ".cfg": "text",
}
# The largest file that is shown on a page.
MAXIMUM_OCTETS = 200_000


class Site:
    """Which file of the repository is shown by which page."""

    def __init__(self):
        self.page_of = dict(DOCUMENTS) | INSTEAD
        self.source_of = {}
        self.generated = {}

    def add(self, source, page, text):
        """A page that is made of text, whose links are those of the file."""
        self.page_of.setdefault(source, page)
        self.source_of[page] = source
        self.generated[page] = text

    def target(self, source, link):
        """The page or file of the site that a link leads to; None for a link to somewhere else."""
        name, mark, anchor = link.partition("#")
        if re.match(r"[a-z][a-z0-9+.-]*:", link) or not name:
            return None
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), name))
        return path, mark + anchor

    def include(self, path):
        """Shows a file or a folder of the repository on a page, unless a page does already."""
        if path in self.page_of:
            return
        file = ROOT / path
        if path.startswith("..") or not file.exists():
            raise PluginError(f"a link leads to {path}, which does not exist")
        page = f"files/{path}.md"
        if file.is_dir():
            listed = [name for name in markdown_files.tracked(path) if "/" not in name[len(path) + 1:]]
            folders = sorted({name[len(path) + 1:].split("/")[0] for name in markdown_files.tracked(path)} -
                             {name[len(path) + 1:] for name in listed})
            text = f"# {path}/\n\n" + "".join(f"- [{name}]({posixpath.basename(path)}/{name})\n" for name in
                                              folders + [name[len(path) + 1:] for name in listed])
            self.add(path, page, text)
            for name in folders + [name[len(path) + 1:] for name in listed]:
                self.include(f"{path}/{name}")
            return
        if file.stat().st_size > MAXIMUM_OCTETS:
            raise PluginError(f"{path} is too large to be shown on a page")
        language = "dockerfile" if file.name == "Dockerfile" else LANGUAGES.get(file.suffix, "text")
        self.add(path, page, f"# {path}\n\n````{language}\n{file.read_text(encoding='utf-8')}````\n")


site = Site()


def on_config(config):
    """A build in the same process begins anew."""
    site.__init__()
    return config


def on_files(files, config):
    contract = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    # The type of a problem up to its last part, as the contract's examples have it.
    prefix = re.search(r"type: '?(\S*?)relay-refused", contract).group(1)
    for source, page in DOCUMENTS.items():
        if (ROOT / source).exists():
            site.add(source, page, (ROOT / source).read_text(encoding="utf-8"))
    for file in files.documentation_pages():
        site.page_of.setdefault(f"docs/{file.src_uri}", file.src_uri)
        site.source_of[file.src_uri] = f"docs/{file.src_uri}"
    for page, text in api_reference.pages(contract).items():
        site.add("openapi.yaml", page, text)
    errors = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    for label, text in markdown_files.problems(errors).items():
        site.add(f"docs/problems/{label}.md", f"problems/{label}.md", problem_page(prefix, label, text))
    # What is linked, and what is linked from that.
    sources = [(site.source_of[file.src_uri], file.content_string) for file in files.documentation_pages()]
    sources += [(site.source_of[page], text) for page, text in site.generated.items() if not page.startswith("api/")]
    for source, text in sources:
        for _, link, is_image in markdown_files.links(text):
            target = site.target(source, link)
            if target and not is_image and not target[0].startswith("docs/"):
                site.include(target[0])
            elif target and is_image and not target[0].startswith("docs/"):
                site.page_of[target[0]] = f"images/{target[0]}"
                files.append(File.generated(
                    config, f"images/{target[0]}", content=(ROOT / target[0]).read_bytes()))
    for page, text in site.generated.items():
        hidden = page.startswith(("problems/", "files/"))
        file = File.generated(config, page, content=text)
        file.inclusion = InclusionLevel.NOT_IN_NAV if hidden else InclusionLevel.INCLUDED
        files.append(file)
    files.append(File.generated(config, "openapi.yaml", content=(ROOT / "openapi.yaml").read_bytes()))
    return files


def problem_page(prefix, label, text):
    """A page for one type of problem; the section of docs/errors.md is its text."""
    return (f"---\ntitle: {label}\nsearch:\n  exclude: true\n---\n\n# {label}\n\n`{prefix}{label}`\n\n"
            # The links of the section are relative to docs/.
            + re.sub(r"\]\((?![a-z]+:)", "](../", re.sub(r"\]\(#", "](errors.md#", text)).strip()
            + "\n\n[All problem types](../errors.md#all-problem-types), and"
              " [what a client should do](../errors.md#what-a-client-should-do) with each response.\n")


def on_page_markdown(markdown, page, config, files):
    here = page.file.src_uri
    source = site.source_of[here]
    if here.startswith("api/"):
        return markdown

    def moved(link, is_image):
        target = site.target(source, link)
        if target is None:
            return link
        path, anchor = target
        shown = site.page_of.get(path)
        if shown is None and path.startswith("docs/"):
            shown = path.removeprefix("docs/")
        return posixpath.relpath(shown, posixpath.dirname(here) or ".") + anchor if shown else link

    return markdown_files.without_comments(markdown_files.relink(markdown, moved))
