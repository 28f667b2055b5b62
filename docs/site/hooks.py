"""Makes one site of the pages under docs/, those beside it, and the files that they lead to.

Belongs here: where a file of the repository is in the site, and links between them. Does not belong
here: the text of any page, or the navigation.

The README is the home page. A file that is no page, such as a module or a test, becomes one that
shows it, so that no link leads out of the site.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Set
from html import escape
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
HOME = "README.md"
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
DUTCH = "Nederlands"
"""The part of the navigation whose pages are in that language."""

FENCED = re.compile(r"(^```.*?^```$)", re.M | re.S)
NAMED_FENCE = re.compile(r"^```(\w+) (.+)$", re.M)
LINK = re.compile(r'(\]\(|src=")(?!\w+:)([^)#\s"]+)(?:#([^)\s"]+))?')
PLAIN = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{path}</title></head>
<body><h1>{path}</h1>
<pre>{text}</pre></body>
</html>
"""
"""How a file that is no page is shown; as none of the site's own, it is not searched."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name headings as the hosts of repositories do, so that links work there and here."""
    config.mdx_configs["toc"]["slugify"] = _slug
    return config


def _slug(heading: str, separator: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", separator)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages beside docs/, and whatever any page leads to."""
    ahead = [HOME, *BESIDE, *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    anchors: dict[str, set[str]] = defaultdict(set)
    found: set[str] = set()
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            for target, anchor in _links(path):
                anchors[target].add(anchor)
                ahead.append(target)
    for path in sorted(found):
        if not path.startswith("docs/"):
            content = _shown(path, anchors[path])
            files.append(File.generated(config, _in_site(path), content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let links lead to where files are in the site, and show the file that an example is of."""
    origin = _in_repository(page.file.src_uri)
    parts = FENCED.split(markdown)
    parts[::2] = [_relinked(part, origin) for part in parts[::2]]
    parts[1::2] = [NAMED_FENCE.sub(r"`\2`\n\n```\1", part) for part in parts[1::2]]
    return "".join(parts)


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Say of a page in Dutch that it is, for those who have pages read to them."""
    dutch = page.parent is not None and page.parent.title == DUTCH
    return f'<div lang="nl">{html}</div>' if dutch else html


def _in_site(path: str) -> str:
    """Place a file of the repository in the site."""
    if path == HOME:
        return "index.md"
    if path in BESIDE:
        return path
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"source/{path}" if path.endswith(".md") else f"source/{path}.html"


def _in_repository(uri: str) -> str:
    """Name the file that a page of the site is made of."""
    if uri == "index.md":
        return HOME
    if uri in BESIDE:
        return uri
    return uri.removeprefix("source/") if uri.startswith("source/") else f"docs/{uri}"


def _links(path: str) -> Iterator[tuple[str, str]]:
    """List the files that a page leads to, each with the place in it."""
    if path.endswith(".md"):
        for text in FENCED.split((ROOT / path).read_text("utf-8"))[::2]:
            for _, where, anchor in LINK.findall(text):
                target = _target(path, where)
                if (ROOT / target).is_file():
                    yield target, anchor


def _target(path: str, where: str) -> str:
    """Name the file that a link of a page leads to; of a package, the one that describes it."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), where))
    package = f"{target}/__init__.py"
    return package if (ROOT / package).is_file() else target


def _relinked(text: str, origin: str) -> str:
    """Rewrite the links of a part of a page; one that leads nowhere stays, and is reported."""
    here = posixpath.dirname(_in_site(origin))

    def relinked(link: re.Match[str]) -> str:
        target = _target(origin, link[2])
        if not (ROOT / target).is_file():
            return link[0]
        anchor = f"#{link[3]}" if link[3] else ""
        return f"{link[1]}{posixpath.relpath(_in_site(target), here or os.curdir)}{anchor}"

    return LINK.sub(relinked, text)


def _shown(path: str, anchors: Set[str]) -> str:
    """Return the text of a page, or a page that shows a file, with the places led to."""
    text = (ROOT / path).read_text("utf-8")
    if path.endswith(".md"):
        return text
    lines = text.splitlines(keepends=True)
    begins = {_beginning(lines, anchor): anchor for anchor in anchors - {""}}
    marked = [
        (f'<a id="{escape(begins[number])}"></a>' if number in begins else "") + escape(line)
        for number, line in enumerate(lines)
    ]
    return PLAIN.format(path=escape(path), text="".join(marked))


def _beginning(lines: list[str], name: str) -> int:
    """Find the line where a definition begins, with what decorates it."""
    defined = re.compile(rf"(\s*- name: |def |class |){re.escape(name)}\b")
    at = next(number for number, line in enumerate(lines) if defined.match(line))
    while at and lines[at - 1].strip() and not lines[at].lstrip().startswith("- "):
        at -= 1
    return at
