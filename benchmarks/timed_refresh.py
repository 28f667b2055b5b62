"""One refresh, timed: prints JSON with the seconds of its steps, dbt nodes and its release.

`pipeline.py` starts this as a process of its own, with the home and the landing in its environment.
Belongs here: timing. Does not belong here: making feeds, comparing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

BEGUN = time.perf_counter()
"""Before the imports below, which are the start-up that is timed."""

from dagster_project.commands.common import settings_of  # noqa: E402
from dagster_project.orchestration.assets import models  # noqa: E402
from dagster_project.orchestration.pipeline import refresh  # noqa: E402
from dagster_project.warehouse import DbtNode, run_dbt  # noqa: E402


def main() -> None:
    """Refresh, and print what took how long."""
    steps = [("start-up", _since_begun())]
    nodes: list[tuple[str, str, float]] = []

    def noting(*arguments: object, on_node: Callable[[DbtNode], None], **options: object) -> None:
        def note(node: DbtNode) -> None:
            nodes.append((node.kind, node.name, node.seconds))
            on_node(node)

        run_dbt(*arguments, on_node=note, **options)

    models.run_dbt = noting
    outcome = refresh(
        settings_of(None, None),
        done=lambda line: steps.append((line.partition(":")[0], _since_begun())),
    )
    steps.append(("end", _since_begun()))
    print(json.dumps({"steps": steps, "nodes": nodes, "release": outcome.release}))  # noqa: T201


def _since_begun() -> float:
    return time.perf_counter() - BEGUN


if __name__ == "__main__":
    main()
