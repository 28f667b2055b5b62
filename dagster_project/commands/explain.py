"""The command `kto explain`.

Belongs here: its options, printing, exit codes. Does not belong here: explaining.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import click

from dagster_project.commands.common import FOLDER, home_option, in_one_line, settings_of


class Segment(click.ParamType[tuple[str, str]]):
    """A part of a breakdown such as job=adviser."""

    name = "segment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Read the text, or end with exit code 2."""
        name, sign, part = str(value).partition("=")
        if not (sign and name and part):
            self.fail(f"{value!s} is no part of a breakdown; write NAME=VALUE", param, ctx)
        return name, part


@click.command()
@click.argument("organisation")
@click.argument("period")
@click.argument("metric")
@click.option("--study", metavar="STUDY", help="Of this study.  [the one that has the metric]")
@click.option("--channel", default="all", show_default=True, help="In this channel.")
@click.option("--product", default="all", show_default=True, help="Of this product.")
@click.option(
    "--segment", type=Segment(), metavar="NAME=VALUE", help="Of this part of a breakdown.  [all]"
)
@home_option
@click.option(
    "--release",
    type=FOLDER,
    help="A copy of a release; nothing but what it tells.  [the current one of the home]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--language", type=click.Choice(["nl", "en"]), default="en", show_default=True, help="In words."
)
@in_one_line
def explain(
    *,
    organisation: str,
    period: str,
    metric: str,
    study: str | None,
    channel: str,
    product: str,
    segment: tuple[str, str] | None,
    home: Path | None,
    release: Path | None,
    as_json: bool,
    language: Literal["nl", "en"],
) -> None:
    """Say what a published figure measures, how it follows, on what it rests and since when.

    For example `kto explain GM0637 2020Q4 METRIC --channel CHANNEL`; the organisation by its code
    or its name. All is worked out of published columns; the deliveries are what the home keeps, and
    internal. With --release they are left out.

    Exit 0: explained, or suppressed; 1: there is no such figure, or the release cannot be read.
    More in docs/explain.md.
    """
    from dagster_project.codebook import load_codebook  # noqa: PLC0415
    from dagster_project.explain import (  # noqa: PLC0415
        Asked,
        explanation_json,
        explanation_lines,
    )
    from dagster_project.explain import explain as explain_figure  # noqa: PLC0415
    from dagster_project.explain.released import open_release  # noqa: PLC0415

    settings = settings_of(None, home)
    name, part = segment or ("all", "all")
    asked = Asked(organisation, period, metric, study, channel, product, name, part)
    found = explain_figure(
        open_release(settings, release),
        asked,
        load_codebook(*settings.codebook),
        settings if release is None else None,
    )
    if as_json:
        told = explanation_json(found)
        click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))
    else:
        for line in explanation_lines(found, language):
            click.echo(line)
