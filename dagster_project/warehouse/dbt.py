"""Call dbt in this process: a child could outlive a killed run and keep the warehouse locked.

Belongs here: arguments, environment, the lock and the wording of dbt's failures. Does not belong
here: which models to build.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.errors import UserError
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock

RESULT_EVENTS = frozenset({"LogSeedResult", "LogModelResult", "LogTestResult"})
FAILED = frozenset({"error", "fail", "runtime error"})


class DbtError(UserError):
    """dbt refused or a node failed; one line that names the node and dbt's own words."""


@dataclass(frozen=True)
class DbtNode:
    """One seed, model or test that dbt has finished with.

    `raw` is dbt's structured log event as plain dictionaries (`info` and `data`).
    """

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    raw: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether the node ended in an error or a failed test."""
        return self.status.lower() in FAILED


def run_dbt(
    settings: Settings,
    command: str,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    variables: Mapping[str, object] | None = None,
    on_node: Callable[[DbtNode], None] = lambda _: None,
) -> None:
    """Run one dbt command on the home's warehouse and tell about each node as it ends.

    Tests run with the models that they need: one that compares two groups waits for the later one.
    dbt's own files go under the home, so that two homes never share a half-parsed state.

    Raises:
        DbtError: a node failed, or the project cannot be parsed.

    """
    arguments = [
        *_flags(settings, settings.home / "dbt"),
        command,
        *_folders(settings, settings.home / "dbt"),
        *(["--select", *select] if select else []),
        *(["--exclude", *exclude] if exclude else []),
        *(["--vars", json.dumps(dict(variables))] if variables else []),
        *(["--indirect-selection", "buildable"] if command in {"build", "test"} else []),
    ]
    with warehouse_lock(settings), environment_of(settings):
        _invoke(arguments, on_node)


def parse_dbt(settings: Settings, target: Path) -> None:
    """Write `manifest.json` under `target`.

    Raises:
        DbtError: the project cannot be parsed.

    """
    with environment_of(settings):
        _invoke([*_flags(settings, target), "parse", *_folders(settings, target)], lambda _: None)


@contextmanager
def environment_of(settings: Settings) -> Iterator[None]:
    """Let the profile find the home, whatever the environment of this process says."""
    before = os.environ.get("KTO_HOME")
    os.environ["KTO_HOME"] = str(settings.home)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("KTO_HOME", None)
        else:
            os.environ["KTO_HOME"] = before


def _flags(settings: Settings, target: Path) -> list[str]:
    logs = settings.home / "dbt" if target.is_relative_to(settings.home) else target
    return [
        "--quiet",
        "--log-level",
        "none",
        "--log-level-file",
        "info",
        "--log-path",
        str(logs / "logs"),
        "--no-send-anonymous-usage-stats",
        "--no-use-colors",
    ]


def _folders(settings: Settings, target: Path) -> list[str]:
    project = str(settings.dbt_project)
    return ["--project-dir", project, "--profiles-dir", project, "--target-path", str(target)]


def _invoke(arguments: list[str], on_node: Callable[[DbtNode], None]) -> None:
    # Imported here: dbt costs two seconds, which `kto status` need not pay.
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    failed: list[DbtNode] = []

    def listen(event: Any) -> None:  # noqa: ANN401
        if event.info.name in RESULT_EVENTS:
            node = _node(event)
            if node.failed:
                failed.append(node)
            on_node(node)

    outcome = dbtRunner(callbacks=[listen]).invoke(arguments)
    if outcome.exception is not None:
        raise DbtError(f"dbt stopped: {_one_line(outcome.exception)}")
    if not outcome.success:
        raise DbtError(_what_failed(outcome.result, failed))


def _node(event: Any) -> DbtNode:  # noqa: ANN401
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415

    raw = {
        "info": MessageToDict(event.info, preserving_proto_field_name=True),
        "data": MessageToDict(event.data, preserving_proto_field_name=True),
    }
    info = raw["data"]["node_info"]
    return DbtNode(
        unique_id=info["unique_id"],
        name=info["node_name"],
        kind=info["resource_type"],
        status=info.get("node_status") or raw["data"].get("status", ""),
        seconds=float(raw["data"].get("execution_time", 0)),
        raw=raw,
    )


def _what_failed(result: Any, failed: Sequence[DbtNode]) -> str:  # noqa: ANN401
    """Name the first failed node; results carry dbt's message, events only its status."""
    broken = [r for r in getattr(result, "results", []) if str(r.status).lower() in FAILED]
    if not broken:
        return f"dbt failed on {', '.join(n.name for n in failed) or 'an unknown node'}"
    first = broken[0]
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    kind = str(first.node.resource_type)
    return f"dbt {kind} {first.node.name} failed{more}: {_one_line(first.message)}"


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
