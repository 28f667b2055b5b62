"""What dbt asks of this project before it opens the warehouse, also when a user runs dbt alone.

Belongs here: refusing a home that is not there, which would end in a traceback of DuckDB, and
one that is damaged, and keeping what is written private. Does not
belong here: refusing a home without a lake, which needs a query (macro `require_lake`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from dagster_project.common.errors import UserError
from dagster_project.common.home import open_home
from dagster_project.common.settings import Settings
from dagster_project.warehouse.dbt import is_at_work

SMALL = 1_000_000
"""Bytes of Parquet below which a second thread of DuckDB costs more than it saves."""


class Plugin(BasePlugin):  # type: ignore[misc]
    """Named in `profiles.yml`; dbt-duckdb looks for a class of this name."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:  # noqa: ANN401
        """Limit memory, give a small home one thread; refuse a home that is not there.

        Raises:
            RuntimeError: the home is not there; of this kind dbt shows the line, and no traceback.

        """
        home = Path(creds.path).parent
        if not home.is_dir():
            raise RuntimeError(
                f"no lake under '{home}': run `kto refresh` first, or set KTO_HOME to the home of "
                "an earlier refresh"
            )
        open_home(home)
        settings = Settings.from_env(home=home)
        for name, value in settings.engine.items():
            config.setdefault(name, value)
        if _is_small(settings):
            config.setdefault("threads", 1)
        if not is_at_work(home):
            _check(home)


def _is_small(settings: Settings) -> bool:
    """Whether the answers, and what was kept of final periods, are few."""
    rooms = (settings.lake / "responses", settings.lake / "invitations", settings.vintages)
    files = (file for room in rooms for file in room.rglob("*.parquet"))
    return sum(file.stat().st_size for file in files) < SMALL


def _check(home: Path) -> None:
    """Compare all that the models read with its checksums; the pipeline does so in its own steps.

    Raises:
        RuntimeError: something is damaged.

    """
    from dagster_project.ingest import check_lake  # noqa: PLC0415 (not needed within a run)
    from dagster_project.release.vintages import read_index, verify  # noqa: PLC0415

    try:
        settings = Settings.from_env(home=home)
        check_lake(settings.lake)
        verify(settings, read_index(settings))
    except (UserError, ValueError) as fault:
        raise RuntimeError(str(fault)) from None
