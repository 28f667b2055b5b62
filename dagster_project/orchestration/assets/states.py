"""Which periods are published, and which will be: the two tables between which the models run.

Belongs here: reading the index, writing both. Does not belong here: the rules (release.states).
"""

import dagster as dg
import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.quarters import today
from dagster_project.orchestration.assets.feeds import feed_key
from dagster_project.orchestration.resources import Installation, told_in_one_line
from dagster_project.release.prepare import write_final, write_states
from dagster_project.release.states import count_states

FINAL_PERIODS = dg.AssetKey("final_periods")
STATES = dg.AssetKey("period_states")
CONTENTS = "int_period_contents"
PREVIEW_JOB = "preview"


def state_assets(codebook: Codebook) -> list[dg.AssetsDefinition]:
    """Make the two assets; the first comes after every feed."""

    @dg.asset(
        key=FINAL_PERIODS,
        deps=[feed_key(feed.feed) for feed in codebook.feeds],
        group_name="states",
        kinds={"python", "parquet"},
        owners=["team:data-engineering"],
        required_resource_keys={"installation"},
    )
    def final_periods(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Periods that are published and stay as they are, with the release that has them.

        What comes for them from now on is late. Everything kept of them is compared with its
        checksums first.
        """
        installation: Installation = context.resources.installation
        with told_in_one_line():
            final = write_final(installation.settings, installation.order)
        installation.done(f"final_periods: {final.height} published before")
        return dg.MaterializeResult(metadata={"dagster/row_count": final.height})

    @dg.asset(
        key=STATES,
        deps=[FINAL_PERIODS, CONTENTS],
        group_name="states",
        kinds={"python", "parquet"},
        owners=["team:data-engineering"],
        required_resource_keys={"installation"},
    )
    def period_states(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """How it stands with every period: open, held and why, due, final or revised."""
        installation: Installation = context.resources.installation
        publishing = installation.order.publish and context.job_name != PREVIEW_JOB
        with told_in_one_line():
            found = write_states(
                installation.settings,
                installation.codebook,
                installation.order,
                today=today(),
                publishing=publishing,
            )
        told = ", ".join(f"{n} {state}" for state, n in count_states(found).items())
        installation.done(f"period_states: {told or 'no periods'}")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": found.height,
                "held": dg.MetadataValue.md(_held(found)),
                **count_states(found),
            }
        )

    return [final_periods, period_states]


def _held(periods: pl.DataFrame) -> str:
    rows = periods.filter(pl.col("state") == "held").select(
        "study", "organisation_code", "period", "held_because"
    )
    listed = "\n".join(
        "| " + " | ".join(str(one).replace("|", "/") for one in row) + " |"
        for row in rows.iter_rows()
    )
    return f"| study | organisation | period | why |\n|---|---|---|---|\n{listed}"
