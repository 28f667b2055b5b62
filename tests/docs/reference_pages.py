"""Writes docs/marts.md, feeds.md, kpis.md and commands.md, and semantic.yml: `make docs`.

Belongs here: laying out what the models say, and what the codebook says of feeds. Does not belong
here: any column, header or code; what stands in one place only cannot go out of step with another.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from commands_page import commands_page
from kpis_page import kpis_page
from page_tables import table
from semantic_model import TARGET, semantic_model

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.codebook.model import Column, Feed, Scale
from dagster_project.common.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
STUDY = "nvvb"
RENEW = "`make docs` writes this page from"

ROLES = {
    "response_id": "id of the response, unique per organisation and feed",
    "organisation_code": "organisation, see below",
    "channel": "one of {channels}",
    "product_code": "product, see below",
    "contact_date": "date of the contact",
    "submitted_at": "date or time of filling in",
    "invitation_id": "id of the invitation",
    "batch_id": "batch that the invitation is in",
    "review": "free text, never published",
    "tip": "free text, never published",
    "sent_at": "date or time of sending",
    "reminded_at": "date or time of the reminder",
    "email": "e-mail address; becomes a pseudonym",
}
"""What a column holds that has no scale."""


def marts_page() -> str:
    """Every published table with the columns and types that dbt enforces."""
    files = sorted(MARTS.glob("*.yml"), key=_place)
    models = [
        model for file in files for model in yaml.safe_load(file.read_text("utf-8"))["models"]
    ]
    parts = [
        "# The published tables",
        f"{RENEW} the contracts under `dbt_project/models/marts`, which dbt enforces.",
        "What a row of each is, and what holds for all: [contract](contract.md#published).",
    ]
    described: dict[str, str] = {}
    for model in models:
        parts.append(f"## {model['name']}\n\n{model['description']}")
        parts.append(_columns_of(model, described))
    return "\n\n".join(parts) + "\n"


def _place(file: Path) -> tuple[bool, bool, str]:
    """KPIs come first, and what only names things last."""
    return file.stem.startswith("dim_"), not file.stem.startswith("mart_kpi"), file.stem


def _columns_of(model: Mapping[str, Any], described: dict[str, str]) -> str:
    """Lay out the columns, or name the table that has just the same."""
    rows = [(f"`{c['name']}`", c["data_type"], c["description"]) for c in model["columns"]]
    columns = "\n".join(table(("column", "type", "holds"), rows))
    if columns in described:
        return f"The same columns as `{described[columns]}`."
    described[columns] = model["name"]
    return columns


def feeds_page() -> str:
    """Headers, codes and no-answer codes of the feeds of one study."""
    codebook = load_codebook(PROJECT_ROOT / "seeds")
    study = codebook.study(STUDY)
    feeds = codebook.feeds_of(STUDY)
    used = {
        scale: None
        for feed in feeds
        for column in codebook.columns_of(feed.feed)
        for scale in _scales(codebook, feed, column)
    }
    bare, padded = "637", f"{637:0{study.code_digits}}"
    parts = [
        f"# The feeds of `{STUDY}`",
        f"{RENEW} the codebook. Other studies: [`seeds/columns.csv`](../seeds/columns.csv).",
        "Headers may come in any order, with any capitals; other columns are ignored and reported.",
        "How files and values may be written is in the [contract](contract.md#landing).",
    ]
    for feed in feeds:
        rows = [_row(codebook, feed, column) for column in codebook.columns_of(feed.feed)]
        channel = f", channel `{feed.channel}`" if feed.channel else ""
        parts.append(f"## {feed.feed}\n\n{feed.kind.capitalize()} of *{study.label_en}*{channel}.")
        parts.append("\n".join(table(("header", "required", "holds"), rows)))
    parts.append(
        "## Organisations and products\n\n"
        f"An organisation is `{study.code_prefix}` and {study.code_digits} digits, as listed in "
        f"[`seeds/organisations.csv`](../seeds/organisations.csv); `{bare}`, `{padded}` and "
        f"`{study.code_prefix}{padded}` are the same. Products:"
    )
    products = [
        (f"`{one.product_code}`", one.label_nl, one.label_en) for one in codebook.products_of(STUDY)
    ]
    parts.append("\n".join(table(("code", "Dutch", "English"), products)))
    parts += [_scale(codebook, codebook.scale(scale)) for scale in used]
    return "\n\n".join(parts) + "\n"


def _scales(codebook: Codebook, feed: Feed, column: Column) -> Iterator[str]:
    scale = _scale_of(codebook, feed, column)
    if scale:
        yield scale
        if none := codebook.scale(scale).no_answer:
            yield none


def _scale_of(codebook: Codebook, feed: Feed, column: Column) -> str | None:
    if column.scale or column.field in ROLES:
        return column.scale
    return codebook.question(feed.study, column.field).scale


def _row(codebook: Codebook, feed: Feed, column: Column) -> tuple[str, str, str]:
    channels = ", ".join(f"`{one.channel}`" for one in codebook.channels_of(feed.study))
    what = [ROLES.get(column.field, "").format(channels=channels)]
    scale = _scale_of(codebook, feed, column)
    if column.field not in ROLES and not column.scale:
        what = [codebook.question(feed.study, column.field).label_en]
    if scale:
        none = codebook.scale(scale).kind == "no_answer"
        what.append(f"{'no answer is ' if none else ''}[{scale}](#{scale})")
    required = "yes" if column.required else ""
    return f"`{column.header}`", required, ": ".join(filter(None, what))


def _scale(codebook: Codebook, scale: Scale) -> str:
    """One list of codes, or the range of a number."""
    values = codebook.values_of(scale.scale)
    head = {
        "number": f"A number from {_number(scale.minimum)} to {_number(scale.maximum)}, "
        f"decimals: {scale.decimals}.",
        "code": "One of these.",
        "multiple": "One of these, or several joined by `|`.",
        "no_answer": "No answer, as an empty cell is.",
    }[scale.kind]
    if scale.no_answer:
        head += f" No answer is an empty cell, or one of [{scale.no_answer}](#{scale.no_answer})."
    parts = [f"## {scale.scale}", head]
    if scale.kind != "number":
        rows = [
            (f"`{one.raw}`", f"`{one.code}`" if one.code else "", one.label_nl, one.label_en)
            for one in values
        ]
        parts.append("\n".join(table(("in the file", "code", "Dutch", "English"), rows)))
    return "\n\n".join(parts)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


PAGES = {
    "marts.md": marts_page,
    "feeds.md": feeds_page,
    "kpis.md": kpis_page,
    "commands.md": commands_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), encoding="utf-8")
    TARGET.write_text(semantic_model(), encoding="utf-8")
