"""The command `kto factsheet`.

Belongs here: its options, finding the factsheet that the user means, printing. Does not belong
here: drawing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project.commands.common import home_option, in_one_line, settings_of
from dagster_project.common.errors import UserError

if TYPE_CHECKING:
    from dagster_project.codebook import Codebook
    from dagster_project.factsheet.figures import Place


@click.command()
@click.argument("organisation")
@click.argument("period")
@click.option("--study", metavar="STUDY", help="Needed where several have this period.")
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
@click.option("--preview", is_flag=True, help="Of the preview: figures that are not published yet.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it.  [ORGANISATION-PERIOD.html]",
)
@home_option
@in_one_line
def factsheet(
    *,
    organisation: str,
    period: str,
    study: str | None,
    language: str,
    preview: bool,
    out: Path | None,
    home: Path | None,
) -> None:
    """Draw the factsheet of an organisation and a period, such as GM0637 2020 or Zoetermeer 2020Q4.

    One HTML file that stands by itself: open it, print it, or mail it. Every release has the
    factsheets of all its periods already, see published/current/index.html.
    """
    import polars as pl  # noqa: PLC0415

    from dagster_project.codebook import load_codebook  # noqa: PLC0415
    from dagster_project.factsheet.figures import OWNER, places_of, read_facts  # noqa: PLC0415
    from dagster_project.factsheet.pages import sheet_page  # noqa: PLC0415
    from dagster_project.factsheet.sheet import sheet_of  # noqa: PLC0415
    from dagster_project.factsheet.words import words  # noqa: PLC0415
    from dagster_project.release.manifest import CURRENT  # noqa: PLC0415

    settings = settings_of(None, home)
    folder = settings.preview if preview else settings.published / CURRENT
    if not folder.exists():
        raise UserError(f"{folder} does not exist; run `kto refresh` first")
    codebook = load_codebook(*settings.codebook)
    place = _place(codebook, places_of(folder), organisation, period, study)
    owner = pl.DataFrame([(place.study, place.organisation_code)], schema=OWNER, orient="row")
    facts = read_facts(folder, owner)[0]
    sheet = sheet_of(codebook, words(language), facts, place.period, preview=preview)
    page = sheet_page(sheet, words(language), {})
    name = f"{place.organisation_code}-{place.period}{'-preview' if preview else ''}.html"
    target = out or Path(name)
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as fault:
        raise UserError(f"{target} cannot be written: {fault.strerror}") from None
    click.echo(str(target))


def _place(
    codebook: Codebook, places: list[Place], organisation: str, period: str, study: str | None
) -> Place:
    """Find the factsheet of an organisation, by code or name, and a period.

    Raises:
        UserError: there is none, or several studies have one.

    """
    from dagster_project.codebook.organisations import names_near, organisations_called  # noqa: PLC0415

    codes = sorted({one.organisation_code for one in places})
    called = organisations_called(codebook, codes, organisation)
    named = [one for one in places if one.organisation_code in called]
    if not named:
        near = names_near(codebook, codes, organisation)
        what = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(codes)}"
        raise UserError(f"{organisation} is in no release; {what}")
    found = [one for one in named if one.period == period and study in (None, one.study)]
    if not found:
        told = ", ".join(sorted({one.period for one in named if study in (None, one.study)}))
        raise UserError(
            f"there is no {period} of {organisation}; there is {told or 'no such study'}"
        )
    if len(found) > 1:
        studies = " or ".join(sorted(one.study for one in found))
        raise UserError(f"several studies have {organisation} {period}: add --study {studies}")
    return found[0]
