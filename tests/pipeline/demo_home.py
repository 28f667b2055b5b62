"""A home with the demo in it, and real commands on it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.common.settings import PROJECT_ROOT

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Demo:
    home: Path
    output: str

    @property
    def environment(self) -> dict[str, str]:
        """Where this demo lives, for a command run from the project."""
        return os.environ | {
            "KTO_HOME": str(self.home),
            "KTO_LANDING": str(self.home / "landing"),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }

    @property
    def current(self) -> Path:
        return self.home / "published" / "current"

    def run(self, *command: str, folder: Path = PROJECT_ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(self.current / "kto.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()


def build(folder: Path) -> None:
    """Run the demo in a folder, and keep what it printed."""
    done = Demo(folder / "home", "").run("kto", "demo")
    assert done.returncode == 0, done.stderr
    (folder / "output.txt").write_text(done.stdout, encoding="utf-8")


def built_in(folder: Path) -> Demo:
    """Return the demo that was run in a folder."""
    return Demo(folder / "home", (folder / "output.txt").read_text(encoding="utf-8"))
