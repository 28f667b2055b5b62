"""Data Docs that open without a network: Great Expectations' pages, freed of every outside host.

Belongs here: building the pages, rewriting them, an index of our own (theirs draws its table with
scripts from elsewhere). Does not belong here: judging a release. The pages are internal.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.release.outcome import Expected

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

DROPPED = frozenset({"script", "style", "footer", "button", "label", "object", "iframe", "svg"})
SCRIPTED_CARD = "card mb-3"  # buttons that do nothing without scripts
NOT_BUILT = "/expectations/"
DROPPED_VOID = frozenset({"link", "img", "input", "base", "meta"})
LOADING = frozenset({"src", "srcset", "integrity", "crossorigin", "style", "background", "poster"})
MARKS = {"fa-check-circle": "✔ ", "fa-times": "✘ ", "fa-exclamation-triangle": "✘ "}
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem 1.5rem}
h1{font-size:1.4rem}h4,h5,h6{margin:1rem 0 .3rem;font-size:1.05rem}
a{color:#0b5cad}nav ol,nav ul,.nav{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.8rem}
table{border-collapse:collapse;width:100%;margin:.3rem 0 1rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #8884}
td:first-child{white-space:nowrap}thead[hidden]{display:none}
.card,.alert{border:1px solid #8884;border-radius:.4rem;padding:.4rem .8rem;margin:.6rem 0}
.badge{border:1px solid #8886;border-radius:.3rem;padding:0 .3rem;font-size:.92em}
.text-success,.met{color:#18794e}.text-danger,.unmet{color:#c62a2f;font-weight:600}
.cooltip .top,.d-none.d-print-block{display:none}p{margin:.2rem 0}
@media(prefers-color-scheme:dark){a{color:#7ab8ff}.text-success,.met{color:#5bd79b}}
"""
HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style>'
)


def write_data_docs(
    folder: Path,
    release: str,
    found: Iterable[Expected],
    shown: Iterable[ExpectationSuiteValidationResult],
) -> None:
    """Replace the Data Docs by pages on this validation; old or new ones are there, never a mix.

    Args:
        folder: where they are.
        release: id of the release that was judged.
        found: what came of each expectation.
        shown: the results of each table or comparison, of which a page is made.

    Raises:
        OSError: the folder cannot be written.

    """
    fresh = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    pages = {}
    for name, page in _rendered(release, shown):
        # as deep as Great Expectations has them, whose pages link to the index
        place = Path("validations", name, release, "results", f"{name}.html")
        (fresh / place.parent).mkdir(parents=True)
        (fresh / place).write_text(without_outside(page), encoding="utf-8")
        pages[name] = place.as_posix()
    (fresh / "index.html").write_text(_index(release, tuple(found), pages), encoding="utf-8")
    retired = folder.with_name(f".{folder.name}-old-{os.getpid()}")
    if folder.exists():
        folder.rename(retired)
    fresh.rename(folder)
    shutil.rmtree(retired, ignore_errors=True)


def without_outside(page: str) -> str:
    """Rewrite an HTML page so that it loads nothing: no script, image, font, style or outside link.

    What scripts drew as icons becomes a tick or a cross; a small style of our own is put in.
    """
    rewriter = _Rewriter()
    rewriter.feed(page)
    rewriter.close()
    return "".join(rewriter.parts)


class _Rewriter(HTMLParser):
    """Copies a page without anything that loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.skipped = ""
        self.depth = 0

    def handle_decl(self, decl: str) -> None:
        self.parts.append(f"<!{decl}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.skipped and (tag in DROPPED or dict(attrs).get("class") == SCRIPTED_CARD):
            self.skipped = tag
        if self.skipped:
            self.depth += tag == self.skipped
            return
        if tag in DROPPED_VOID:
            return
        kept = "".join(
            f' {name}="{escape(value or "")}"' for name, value in attrs if _harmless(name, value)
        )
        self.parts.append(f"<{tag}{kept}>")
        if tag == "head":
            self.parts.append(HEAD)
        if tag == "i":
            classes = (dict(attrs).get("class") or "").split()
            self.parts += [MARKS[name] for name in classes if name in MARKS]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.skipped:
            self.depth -= tag == self.skipped
            if not self.depth:
                self.skipped = ""
        elif tag not in DROPPED_VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def _harmless(name: str, value: str | None) -> bool:
    """Whether an attribute neither loads nor runs nor leads outside or to a page not built."""
    target = value or ""
    leads_away = ":" in target.partition("/")[0] or target.startswith("//") or NOT_BUILT in target
    runs = name.startswith("on") or name in LOADING
    return not runs and not (name in {"href", "action", "xlink:href"} and leads_away)


def _rendered(
    release: str, shown: Iterable[ExpectationSuiteValidationResult]
) -> Iterator[tuple[str, str]]:
    """Let Great Expectations draw a page on each validation; names and pages.

    Its site builder would draw an index as well, and keep everything in stores that nothing reads.
    """
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415
    from great_expectations.render.renderer import ValidationResultsPageRenderer  # noqa: PLC0415
    from great_expectations.render.view import DefaultJinjaPageView  # noqa: PLC0415

    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaPageView()
    run = RunIdentifier(run_name=release)
    for one in shown:
        one.meta["run_id"] = run
        page = view.render(renderer.render(one), show_how_to_buttons=False)
        yield str(one.suite_name), str(page)


def _index(release: str, found: tuple[Expected, ...], pages: Mapping[str, str]) -> str:
    """Write the page that lists every table with its outcome, failures first."""
    tables = list(dict.fromkeys(line.table for line in found))
    failed = [line for line in found if not line.success]
    verdict = "met" if found and not failed else "unmet"
    head = f"{len(found) - len(failed)} of {len(found)} expectations met"
    problems = "".join(
        f"<li><b>{escape(line.table)}</b>: {escape(line.detail)}</li>" for line in failed
    )
    rows = "".join(
        _index_row(table, [line for line in found if line.table == table], pages.get(table))
        for table in tables
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head>{HEAD}<title>Release {escape(release)}</title>'
        f"</head><body><h1>Release {escape(release)}</h1>"
        f'<p class="{verdict}">{"✔" if verdict == "met" else "✘"} {head}</p>'
        "<p>Internal: what is required of a release before it is published. Not public.</p>"
        f"<ul>{problems}</ul><table><thead><tr><th>Status</th><th>Table or comparison</th>"
        f"<th>Met</th></tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def _index_row(table: str, lines: list[Expected], page: str | None) -> str:
    met = sum(line.success for line in lines)
    mark = '<span class="met">✔</span>' if met == len(lines) else '<span class="unmet">✘</span>'
    name = escape(table)
    link = f'<a href="{escape(page)}">{name}</a>' if page else name
    return f"<tr><td>{mark}</td><td>{link}</td><td>{met} of {len(lines)}</td></tr>"
