"""The commands that remove what is known of people: `kto forget`, `kto rotate-key`.

Belongs here: their options, printing, exit codes. Does not belong here: removing anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project.commands.common import (
    home_option,
    in_one_line,
    landing_option,
    settings_as_last_filled,
)
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from dagster_project.forget.forgetting import Told

AGAIN = "nothing was removed; the same command with --yes removes it"
ONE_OF = {
    "responses": "response",
    "texts": "text",
    "invitations": "invitation",
    "pseudonyms": "pseudonym",
    "rows in quarantine": "row in quarantine",
}
MANY = 3
"""Organisations of a period that are named."""


@click.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="All that is dated before this day, such as 2024-01-31.",
)
@click.option(
    "--respondent",
    metavar="ADDRESS",
    help="One person, by e-mail address; - reads it from standard input, so that it is not in the "
    "history of the shell. With --feed, by the id of a response or invitation.",
)
@click.option("--feed", help="In which feed the id of --respondent is.")
@click.option("--organisation", metavar="CODE", help="Whose id it is, if several use it.")
@click.option(
    "--retention",
    is_flag=True,
    help="Releases, history, data docs and previews older than KTO_KEEP_..._DAYS.",
)
@landing_option
@home_option
@click.option("--yes", is_flag=True, help="Remove it; without this, only say what would go.")
@in_one_line
def forget(
    *,
    before: datetime | None,
    respondent: str | None,
    feed: str | None,
    organisation: str | None,
    retention: bool,
    landing: Path | None,
    home: Path | None,
    yes: bool,
) -> None:
    """Remove what leads to people, by day or of one of them; or what is older than it may be.

    Of every response and invitation that is meant: the free text, the pseudonym, and what a row in
    quarantine held; ids are replaced by others that lead nowhere. Answers stay, so that no figure
    changes. With --before, no row dated before that day is ever taken in again. Files in the
    landing are named and left alone. Exit 0 also when nothing is known.
    """
    if sum((before is not None, respondent is not None, retention)) != 1:
        raise click.UsageError("give one of --before, --respondent and --retention")
    if respondent is None and (feed or organisation):
        raise click.UsageError("--feed and --organisation go with --respondent")
    settings = settings_as_last_filled(landing, home)
    if retention:
        lines = _retention_lines(settings, yes=yes)
    elif before is not None:
        from dagster_project.forget.forgetting import forget_before  # noqa: PLC0415

        day = before.date()
        told = forget_before(settings, day, yes=yes)
        lines = _lines(told, f"nothing dated before {day} is known")
        if yes:
            lines = chain(lines, [f"from now on, rows dated before {day} are left out"])
    else:
        from dagster_project.forget.forgetting import forget_respondent  # noqa: PLC0415

        whose = _read(respondent or "")
        if not feed and "@" not in whose:
            raise click.UsageError("that is no e-mail address; the id of a row goes with --feed")
        told = forget_respondent(settings, whose, feed=feed, organisation=organisation, yes=yes)
        lines = _lines(told, "nothing is known of this respondent")
    for line in lines:
        click.echo(line)


@click.command(name="rotate-key")
@landing_option
@home_option
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would be dropped.")
@in_one_line
def rotate_key(landing: Path | None, home: Path | None, yes: bool) -> None:
    """Begin with another key for pseudonyms; set KTO_PSEUDONYM_KEY to the new one first.

    A pseudonym cannot be made from another, so those of the old key are dropped. The next refresh
    reads the deliveries with addresses that still lie in the landing again, and makes new ones of
    them. No figure changes.
    """
    from dagster_project.forget.key import rotate  # noqa: PLC0415

    dropped = rotate(settings_as_last_filled(landing, home), yes=yes)
    verb = "dropped" if yes else "would drop"
    for feed, rows in dropped.counts.iter_rows():
        click.echo(f"{verb:14}{feed:14}{rows} pseudonyms")
    total = int(dropped.counts["rows"].sum())
    click.echo(f"made anew     {dropped.made_anew} of {total}, by the next refresh")
    click.echo("the new key is in use" if yes else AGAIN)


def _read(respondent: str) -> str:
    """Take the address from the command or, for `-`, the first line of standard input."""
    found = sys.stdin.readline() if respondent == "-" else respondent
    if not found.strip():
        raise UserError("no address was given; write it on standard input, on a line of its own")
    return found.strip()


def _lines(told: Told, nothing: str) -> Iterator[str]:
    """Say what goes by feed, which files still hold it, and what to do."""
    if told.nothing:
        yield nothing
    verb = "removed" if told.done else "would remove"
    for (feed,), part in told.counts.group_by("feed", maintain_order=True):
        counted = ", ".join(_counted(rows, what) for _, what, rows in part.iter_rows())
        yield f"{verb:14}{feed:14}{counted}"
    if not told.nothing and told.counts.is_empty():
        yield f"{verb:14}rows of published periods that are no longer in the lake"
    yield from _unpublished(told.unpublished)
    for file in told.landing:
        yield f"{'landing':14}{file} still holds it; remove it there, or have its owner do so"
    if not told.nothing:
        yield "run `kto refresh`: it makes the warehouse anew" if told.done else AGAIN


def _counted(rows: int, what: str) -> str:
    return f"{rows} {ONE_OF.get(what, what) if rows == 1 else what}"


def _unpublished(periods: pl.DataFrame) -> Iterator[str]:
    """Say which periods are not published: what comes for them later is left out."""
    for (study, period), part in periods.group_by("study", "period", maintain_order=True):
        codes = part["organisation_code"].to_list()
        more = f" and {len(codes) - MANY} more" if len(codes) > MANY else ""
        named = ", ".join(codes[:MANY])
        yield (
            f"{'not published':14}{study} {period}: {named}{more}; its answers stay, and what "
            "comes for it from now on is left out"
        )


def _retention_lines(settings: Settings, *, yes: bool) -> Iterator[str]:
    from dagster_project.forget.retention import apply  # noqa: PLC0415

    if settings.keep.is_all:
        yield "everything is kept: none of KTO_KEEP_..._DAYS is set"
        return
    found = apply(settings, datetime.now(UTC), yes=yes)
    for one in found:
        yield f"{'removed' if yes else 'would remove':14}{one.what:14}{one.name}"
    if not found:
        yield "nothing is older than it may be"
    elif not yes:
        yield AGAIN
