"""What dbt asks of this project before it opens the warehouse, also when somebody calls dbt alone.

Belongs here: refusing a home that is not there, which would end in a traceback of DuckDB, and
keeping what is written private. Does not
belong here: refusing a home without a lake, which needs a query (macro `require_lake`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from dagster_project.home import open_home


class Plugin(BasePlugin):  # type: ignore[misc]
    """Named in `profiles.yml`; dbt-duckdb looks for a class of this name."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:  # noqa: ANN401
        """Leave the connection as it is, if there is a folder to make it in.

        Raises:
            RuntimeError: the home is not there; of this kind dbt shows the line, and no traceback.

        """
        del config
        home = Path(creds.path).parent
        if not home.is_dir():
            raise RuntimeError(
                f"no lake under '{home}': run `kto refresh` first, or set KTO_HOME to the home of "
                "an earlier refresh"
            )
        open_home(home)
