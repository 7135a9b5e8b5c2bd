"""Follows the links of the rendered site, compares its pages with the code, and shows some in a browser. Started by
scripts/check-docs."""

import html.parser
import http.server
import posixpath
import re
import sys
import threading
import urllib.parse
from pathlib import Path

import playwright.sync_api
import yaml

sys.path.insert(0, str(Path(__file__).parent / "documents"))
import api_reference  # noqa: E402, beside the hooks of the site
import markdown_files  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(sys.argv[1])
# What loads something when a page is shown.
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
         "object": "data"}
# Problems that only the responses in a vendor's form are made of.
VENDORS_OWN = {"missing-field", "too-many-messages"}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if tag == "a" and attributes.get("href") is not None:
            self.links.append(attributes["href"])
        if tag in LOADS and attributes.get(LOADS[tag]):
            self.loaded.append(attributes[LOADS[tag]])
        if tag == "link" and set(attributes.get("rel", "").split()) & {"stylesheet", "icon", "preload", "preconnect", "manifest"}:
            self.loaded.append(attributes["href"])


def is_elsewhere(link):
    return re.match(r"[a-z][a-z0-9+.-]*:|//", link, re.IGNORECASE) is not None


def links(pages):
    """The links that lead nowhere, and what would be loaded from other hosts."""
    for name, page in pages.items():
        for link in page.loaded:
            if is_elsewhere(link) and not link.startswith("data:"):
                yield f"{name} loads {link}"
        for link in page.links + page.loaded:
            if is_elsewhere(link):
                continue
            path, _, anchor = link.partition("#")
            path = urllib.parse.unquote(path)
            # The page for what is not found has links from the root.
            start = "" if path.startswith("/") else posixpath.dirname(name)
            target = posixpath.normpath(posixpath.join(start, path.lstrip("/"))) if path else name
            if (SITE / target).is_dir():
                target = posixpath.normpath(posixpath.join(target, "index.html"))
            if not (SITE / target).is_file():
                yield f"{name} links to {link}, which is not there"
            elif anchor and target in pages and urllib.parse.unquote(anchor) not in pages[target].anchors:
                yield f"{name} links to {link}, and {target} has no such anchor"


def styles():
    """What styles would load from other hosts."""
    for file in SITE.rglob("*.css"):
        for link in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", file.read_text(encoding="utf-8")):
            if is_elsewhere("".join(link)) and not "".join(link).startswith("data:"):
                yield f"{file.relative_to(SITE)} loads {''.join(link)}"


def problems():
    """Types of problems that docs/errors.md does not have, or that the code does not, and sections that lack an answer."""
    contract = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    for label in set(re.findall(r"type: '?(?:urn:problem-type:postern:|/problems/)([a-z-]+)", contract)):
        if not (SITE / "problems" / label / "index.html").is_file():
            yield f"openapi.yaml has a problem of the type {label}, and the site has no page problems/{label}/"
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "Sources/Gateway").rglob("*.swift"))
    known = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)",\s*"[A-Z][a-z\' ]', code)) - VENDORS_OWN
    sections = markdown_files.problems((ROOT / "docs/errors.md").read_text(encoding="utf-8"))
    yield from (f"docs/errors.md has no section {label}" for label in sorted(known - sections.keys()))
    yield from (f"docs/errors.md has {label}, which the code does not have" for label in sorted(sections.keys() - known))
    for label, text in sections.items():
        if not (SITE / "problems" / label / "index.html").is_file():
            yield f"the site has no page problems/{label}/"
        for words in ("**Status ", "**Safe to retry?** ", "**What to do:** "):
            if words not in text:
                yield f"docs/errors.md, {label}: {words.strip()} is missing"


def reference(pages):
    """Endpoints and schemas of openapi.yaml that the API reference does not have."""
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    shown = {place: pages[f"api/{place}/index.html"].anchors for place in ("endpoints", "vendors", "schemas")}
    for path, item in document["paths"].items():
        for method in item.keys() & set(api_reference.METHODS):
            place = "vendors" if item[method].get("tags") else "endpoints"
            if api_reference.slug(f"{method} {path}") not in shown[place]:
                yield f"the API reference has no {method.upper()} {path}"
    yield from (f"the API reference has no schema {name}" for name in document["components"]["schemas"]
                if api_reference.slug(name) not in shown["schemas"])


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves the site."""

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=str(SITE))

    def log_message(self, *arguments):
        pass


def in_a_browser():
    """What Chromium asks other hosts for, what fails in it, and whether the search finds a page."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    asked, failed = [], []
    with playwright.sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        for name in ("", "requests/", "api/endpoints/", "problems/outcome-unknown/", "files/deploy/nginx.conf/"):
            page.goto(address + name)
            page.wait_for_load_state("networkidle")
        # Key by key: the search listens to keys, and not to a value that is set.
        page.locator(".md-search__input").press_sequentially("circuit breaker")
        try:
            page.locator(".md-search-result__item a").first.wait_for(timeout=10_000)
        except playwright.sync_api.TimeoutError:
            yield "the search finds nothing"
        browser.close()
    server.shutdown()
    yield from (f"the browser asked for {url}" for url in sorted(set(asked)) if not url.startswith((address, "data:", "blob:")))
    yield from (f"in the browser failed: {what}" for what in failed)


pages = {str(file.relative_to(SITE)): Page(file.read_text(encoding="utf-8")) for file in sorted(SITE.rglob("*.html"))}
faults = [*links(pages), *styles(), *problems(), *reference(pages), *in_a_browser()]
for fault in faults:
    print(f"FAILED: {fault}")
count = sum(len(page.links) for page in pages.values())
print(f"site: {len(pages)} pages, {count} links; {len(faults)} faults")
sys.exit(1 if faults or len(pages) < 20 else 0)
