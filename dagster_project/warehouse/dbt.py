"""Call dbt in this process: a child could outlive a killed run and keep the warehouse locked.

Belongs here: arguments, environment and the wording of dbt's failures. Does not belong here: which
models to build, when to parse.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings

RESULT_EVENTS = frozenset({"LogModelResult", "LogTestResult"})
FIRST_NODE = "LogStartLine"
FAILED = frozenset({"error", "fail", "runtime error"})
QUIET = (
    "--quiet",
    "--no-use-colors",
    "--no-send-anonymous-usage-stats",
    "--cache-selected-only",
    *("--log-level", "none"),
    *("--log-level-file", "none"),
)


class DbtError(UserError):
    """dbt refused or a node failed; one line that names the node and quotes dbt."""


_homes: list[Path] = []
"""Homes that commands of this module are at work in."""


@dataclass(frozen=True)
class DbtNode:
    """One model or test that dbt has finished with.

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


def invoke(
    settings: Settings,
    target: Path,
    arguments: Sequence[str],
    *,
    project: Any = None,  # noqa: ANN401
    on_node: Callable[[DbtNode], None] = lambda _: None,
) -> Any:  # noqa: ANN401
    """Run a dbt command and return dbt's own result; its files go into `target`.

    `project` is dbt's parsed manifest, which spares parsing.

    Raises:
        DbtError: a node failed, or the project cannot be parsed.

    """
    # Imported here: dbt costs two seconds, which `kto status` need not pay.
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    failed: list[DbtNode] = []
    held: list[Any] = []

    def listen(event: Any) -> None:  # noqa: ANN401
        if event.info.name == FIRST_NODE and not held:
            held.extend(_handles())
        if event.info.name in RESULT_EVENTS:
            node = _node(event)
            if node.failed:
                failed.append(node)
            on_node(node)

    folder = str(settings.dbt_project)
    places = ["--project-dir", folder, "--profiles-dir", folder, "--target-path", str(target)]
    flags = [*QUIET, "--log-path", str(target / "logs")]
    if project is not None:
        # results come back as they are
        flags.append("--no-write-json")
    with _home_in_environment(settings), _hearing(RESULT_EVENTS | {FIRST_NODE}):
        runner = dbtRunner(manifest=project, callbacks=[listen])
        try:
            outcome = runner.invoke([*flags, *arguments, *places])
        finally:
            while held:
                held.pop().close()
    if outcome.exception is not None:
        if not isinstance(outcome.exception, Exception):
            raise outcome.exception  # somebody stopped it
        words = _one_line(outcome.exception) or type(outcome.exception).__name__
        raise DbtError(f"dbt stopped: {words}")
    if not outcome.success:
        raise DbtError(_what_failed(outcome.result, failed))
    return outcome.result


def is_at_work(home: Path) -> bool:
    """Whether the pipeline called dbt, and has checked what it reads, rather than a user."""
    return home in _homes


def _handles() -> list[Any]:
    """Take one more handle of dbt's warehouse, so that it stays open between two nodes.

    The profile closes the file with the last handle, else it would stay locked; opening it anew for
    every node costs more than most nodes do.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415

    return [DuckDBConnectionManager.env().handle()] if DuckDBConnectionManager._ENV else []


@contextmanager
def _home_in_environment(settings: Settings) -> Iterator[None]:
    """Point dbt's profile to the home, also if this process's environment names another."""
    before = os.environ.get("KTO_HOME")
    os.environ["KTO_HOME"] = str(settings.home)
    _homes.append(settings.home)
    try:
        yield
    finally:
        _homes.remove(settings.home)
        if before is None:
            os.environ.pop("KTO_HOME", None)
        else:
            os.environ["KTO_HOME"] = before


@contextmanager
def _hearing(names: frozenset[str]) -> Iterator[None]:
    """Let dbt make messages of these events only, and of warnings and errors.

    It logs nothing here, but would still make one of each of the 5,000 events of a refresh.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel  # noqa: PLC0415
    from dbt_common.events.event_manager import EventManager  # noqa: PLC0415
    from dbt_common.events.event_manager_client import (  # noqa: PLC0415
        ctx_set_event_manager,
        get_event_manager,
    )

    class Hearing(EventManager):
        def fire_event(
            self,
            e: BaseEvent,
            level: EventLevel | None = None,
            node: object = None,
            force_warn_or_error_handling: bool = False,
        ) -> None:
            grave = (level or e.level_tag()) in {EventLevel.WARN, EventLevel.ERROR}
            if grave or force_warn_or_error_handling or type(e).__name__ in names:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    before = get_event_manager()
    ctx_set_event_manager(Hearing())
    try:
        yield
    finally:
        ctx_set_event_manager(before)


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
