"""Puts the pages of a release into its folder: the front page, an annex per study, the factsheets.

Belongs here: which pages there are, which can be taken over from the release before, files and
links. Does not belong here: what a page says. A factsheet whose figures and words are as they were
is linked from the release before, so that drawing costs what is new.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.checksums import file_sha256
from dagster_project.common.progress import Progress, silent
from dagster_project.common.spawned import in_order
from dagster_project.common.sql_text import literal
from dagster_project.factsheet.annex import annex_of
from dagster_project.factsheet.figures import KPI, OWNER, READ, Facts, Place, read_facts
from dagster_project.factsheet.front import front_of
from dagster_project.factsheet.pages import page, sheet_page
from dagster_project.factsheet.sheet import sheet_of
from dagster_project.factsheet.table import sheet_table
from dagster_project.factsheet.words import words
from dagster_project.release.export import parquet_file

FRONT, SHEETS, ANNEXES, DRAWN = "index.html", "factsheet", "annex", "drawn.json"
LANGUAGE = "nl"
ENOUGH_FOR_TWO = 40
"""From how many factsheets a second process is worth its start."""
BATCH = 20


@dataclass(frozen=True)
class Drawn:
    """Pages of a release: how many factsheets were drawn, and how many taken over.

    `failed` says of each that could not be drawn which it is and why.
    """

    drawn: int
    kept: int
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A factsheet that was drawn: from what (`source`), and the checksums of its files."""

    source: str
    files: Mapping[str, str]


def draw_pages(
    folder: Path,
    codebook: Codebook,
    before: Path | None = None,
    progress: Progress = silent,
    workers: int = 2,
) -> Drawn:
    """Draw the pages of a release that is about to be published.

    Args:
        folder: the staged release; pages are written into it.
        codebook: the words beside the figures.
        before: the release before, whose pages are taken over where nothing on them changed.
        progress: called with what is being done.
        workers: how many processes draw, where there is much to draw.

    Returns:
        How many factsheets were drawn and kept.

    """
    sources = sources_of(folder, codebook)
    kept = _take_over(folder, before, sources)
    wanted = sorted(set(sources) - set(kept))
    for study in {place.study for place in wanted}:
        (folder / SHEETS / study).mkdir(parents=True, exist_ok=True)
    done, failed = 0, dict[Place, str]()
    for names, faults in _draw_all(folder, codebook, wanted, workers):
        done += len(names)
        failed |= faults
        progress(f"Factsheets: {done} of {len(wanted)}")
    text = words(LANGUAGE)
    (folder / ANNEXES).mkdir(exist_ok=True)
    for study in sorted({place.study for place in sources}):
        annex = annex_of(codebook, text, folder, study)
        target = folder / ANNEXES / f"{study}.html"
        target.write_text(page("annex.html", text, annex=annex), encoding="utf-8")
    front = page("index.html", text, front=front_of(codebook, text, folder))
    (folder / FRONT).write_text(front, encoding="utf-8")
    _note(folder, {place: one for place, one in sources.items() if place not in failed})
    said = tuple(f"{sheet_files(place)[0]}: {why}" for place, why in sorted(failed.items()))
    return Drawn(len(wanted) - len(failed), len(kept), said)


def remove_pages(folder: Path) -> None:
    """Remove all pages of a release that is still being prepared."""
    (folder / FRONT).unlink(missing_ok=True)
    for name in (SHEETS, ANNEXES):
        shutil.rmtree(folder / name, ignore_errors=True)


def sheet_files(place: Place) -> tuple[str, str]:
    """Return the names of a factsheet's page and table within a release."""
    name = f"{SHEETS}/{place.study}/{place.organisation_code}-{place.period}"
    return f"{name}.html", f"{name}.csv"


def sources_of(folder: Path, codebook: Codebook) -> dict[Place, str]:
    """Return for each factsheet a checksum of all that it says: figures, words, how it is drawn.

    Only of studies that the codebook has. A factsheet shows its own period, and how totals went
    until then; so it depends on the rows of its period and on those of totals before it.
    """
    own = " union all ".join(
        f"select study, organisation_code, period, '{table}' as source, sum(hash(row)) as content "
        f"from read_parquet({literal(parquet_file(folder, table))}) as row "
        "group by study, organisation_code, period"
        for table in READ
    )
    query = f"""
        with own as ({own}),
        totals as (
            select study, organisation_code, period, sum(hash(row)) as content
            from read_parquet({literal(parquet_file(folder, KPI))}) as row
            where product_code = 'all' and segment = 'all'
            group by study, organisation_code, period
        ),
        earlier as (
            select study, organisation_code, period, 'earlier' as source,
                sum(content) over (
                    partition by study, organisation_code, length(period) order by period
                ) as content
            from totals
        )
        select study, organisation_code, period,
            string_agg(source || ' ' || content, ';' order by source) as content
        from (select * from own union all select * from earlier)
        group by study, organisation_code, period
        order by study, organisation_code, period
    """
    looks = _looks()
    texts = {study.study: _study_text(codebook, study.study) for study in codebook.studies}
    names = {one.organisation_code: one.name for one in codebook.organisations}
    found = {}
    with duckdb.connect() as engine:
        told = {
            (study, organisation, period)
            for study, organisation, period in engine.execute(
                "select study, organisation_code, period from read_parquet("
                f"{literal(parquet_file(folder, 'mart_release'))})"
            ).fetchall()
        }
        for study, organisation, period, content in engine.execute(query).fetchall():
            if (study, organisation, period) in told and study in texts:
                text = "\n".join([looks, texts[study], names.get(organisation, ""), content])
                found[Place(study, organisation, period)] = hashlib.sha256(
                    text.encode()
                ).hexdigest()
    return found


def _looks() -> str:
    """Return a checksum of what draws: this package's code, words and templates."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in {".py", ".csv", ".html", ".css"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _study_text(codebook: Codebook, study: str) -> str:
    """Return all that the codebook says of a study's figures, as text."""
    feeds = {feed.feed for feed in codebook.feeds_of(study)}
    rows: list[object] = [
        codebook.study(study),
        codebook.channels_of(study),
        codebook.products_of(study),
        codebook.questions_of(study),
        codebook.metrics_of(study),
        [one for one in codebook.metric_questions if one.study == study],
        [one for one in codebook.metric_bands if one.study == study],
        [one for one in codebook.segments if one.study == study],
        [one for one in codebook.publication_rules if one.study == study],
        [one for one in codebook.columns if one.feed in feeds],
        codebook.scales,
        codebook.scale_values,
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _take_over(folder: Path, before: Path | None, sources: Mapping[Place, str]) -> list[Place]:
    """Link the factsheets of the release before that would be drawn the same."""
    if before is None:
        return []
    noted = _noted(before)
    kept = []
    for place, source in sources.items():
        names = sheet_files(place)
        known = noted.get(names[0])
        if known is None or known.source != source or not _is_whole(before, known.files):
            continue
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(before / name, target)
        kept.append(place)
    return kept


def _noted(folder: Path) -> dict[str, Page]:
    try:
        content = json.loads((folder / SHEETS / DRAWN).read_text(encoding="utf-8"))
        return {name: Page(**one) for name, one in content.items()}
    except (OSError, ValueError, TypeError):
        return {}  # of an earlier version, or damaged: everything is drawn anew


def _note(folder: Path, sources: Mapping[Place, str]) -> None:
    content = {
        sheet_files(place)[0]: asdict(
            Page(source, {name: file_sha256(folder / name) for name in sheet_files(place)})
        )
        for place, source in sources.items()
    }
    (folder / SHEETS).mkdir(exist_ok=True)
    text = json.dumps(content, indent=1) + "\n"
    (folder / SHEETS / DRAWN).write_text(text, encoding="utf-8")


def _is_whole(folder: Path, files: Mapping[str, str]) -> bool:
    return all(
        (folder / name).is_file() and file_sha256(folder / name) == digest
        for name, digest in files.items()
    )


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


Done = tuple[list[Place], dict[Place, str]]
"""Factsheets that were to be drawn, and why some of them could not be."""


def _draw_all(
    folder: Path, codebook: Codebook, wanted: list[Place], workers: int
) -> Iterator[Done]:
    batches = [wanted[begin : begin + BATCH] for begin in range(0, len(wanted), BATCH)]
    if workers < 2 or len(wanted) < ENOUGH_FOR_TWO:  # noqa: PLR2004
        for batch in batches:
            yield _draw(folder, codebook, batch)
        return
    pieces = ((None, (folder, codebook, batch)) for batch in batches)
    for _, done in in_order(_draw, pieces, workers):
        yield done


def _draw(folder: Path, codebook: Codebook, wanted: list[Place]) -> Done:
    """Draw some factsheets; one that cannot be drawn says so, and the others are drawn."""
    owners = pl.DataFrame(
        [(one.study, one.organisation_code) for one in wanted], schema=OWNER, orient="row"
    ).unique()
    facts = {(one.study, one.organisation_code): one for one in read_facts(folder, owners)}
    failed = {}
    for place in wanted:
        own = facts[place.study, place.organisation_code]
        try:
            _draw_one(folder, codebook, own, place)
        except OSError:
            raise
        except Exception as fault:
            failed[place] = f"{type(fault).__name__}: {fault}"
            _draw_failure(folder, place)
    return wanted, failed


def _draw_one(folder: Path, codebook: Codebook, facts: Facts, place: Place) -> None:
    text = words(LANGUAGE)
    html, table = sheet_files(place)
    sheet_table(codebook, text, facts, place.period, folder / table)
    sheet = sheet_of(codebook, text, facts, place.period)
    (folder / html).write_text(sheet_page(sheet, text, _links(place)), encoding="utf-8")


def _draw_failure(folder: Path, place: Place) -> None:
    """Put a page in the place of one that could not be drawn, as others lead to it."""
    html, table = sheet_files(place)
    text = words(LANGUAGE)
    title = f"{place.organisation_code}, {text.period(place.period)}"
    page_of_it = page("missing.html", text, title=title, links=_links(place))
    (folder / html).write_text(page_of_it, encoding="utf-8")
    (folder / table).touch()


def _links(place: Place) -> dict[str, str]:
    return {
        "front": f"../../{FRONT}",
        "annex": f"../../{ANNEXES}/{place.study}.html",
        "csv": sheet_files(place)[1].rpartition("/")[2],
    }
