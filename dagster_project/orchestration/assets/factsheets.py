"""The pages of a release, drawn by the step that publishes it.

Belongs here: when they are drawn, and what Dagster shows of them. Does not belong here: drawing.
"""

import logging
from dataclasses import dataclass, field

import dagster as dg

from dagster_project.orchestration.resources import Installation
from dagster_project.release.export import StagedRelease
from dagster_project.release.intact import damage
from dagster_project.release.manifest import CURRENT

FACTSHEETS = dg.AssetKey("factsheet")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pages:
    """What came of drawing: in words, and counted unless it failed."""

    said: str
    counted: dict[str, int] = field(default_factory=dict)


def factsheets_spec(release: dg.AssetKey, group: str, owners: list[str]) -> dg.AssetSpec:
    """Describe the pages as what is made of a release."""
    return dg.AssetSpec(
        FACTSHEETS,
        deps=[release],
        description="A front page, an annex per study and a factsheet per organisation and "
        "period, in the folder of the release: what people read.",
        group_name=group,
        kinds={"html"},
        owners=owners,
    )


def draw(installation: Installation, staged: StagedRelease) -> Pages | None:
    """Draw the pages of a release into its folder; None where the installation has none.

    Figures go out whether or not they can be drawn; what went wrong is said and logged.
    """
    from dagster_project.factsheet import draw as drawing  # noqa: PLC0415

    settings = installation.settings
    if not settings.factsheets:
        return None
    link = settings.published / CURRENT
    before = link.resolve() if link.is_symlink() and not damage(settings) else None
    try:
        drawn = drawing.draw_pages(
            staged.path, installation.codebook, before, installation.progress
        )
    except Exception as fault:
        drawing.remove_pages(staged.path)
        LOG.exception("the factsheets could not be drawn")
        first_line = str(fault).partition("\n")[0]
        pages = Pages(f"not drawn, the release has none: {type(fault).__name__}: {first_line}")
    else:
        counted = {"drawn": drawn.drawn, "as they were": drawn.kept}
        said = f"{drawn.drawn} drawn, {drawn.kept} as they were"
        if drawn.failed:
            said += f", {len(drawn.failed)} could not be drawn, such as {drawn.failed[0]}"
        pages = Pages(said, counted)
    installation.done(f"factsheets: {pages.said}")
    return pages
