"""A refresh lets PostgreSQL hold the current release, also when it missed one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from kto import Place, answers
from postgres_server import INITDB, LACKING, server

pytestmark = pytest.mark.skipif(INITDB is None, reason=LACKING)


@dataclass(frozen=True)
class Copied(Place):
    """A home whose releases are copied to a database."""

    dsn: str = field(kw_only=True)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"KTO_PUBLISH_POSTGRES": self.dsn}


def test_a_release_that_the_database_missed_is_copied_by_the_next_refresh(tmp_path: Path) -> None:
    away = Copied(tmp_path, dsn=f"host={tmp_path} user=kto password=secret dbname=kto")
    away.land("counter", "2021-01-05.csv", answers(4, *range(20)))
    said = away.refused("refresh")
    assert "is published" in said
    assert "but not in PostgreSQL" in said
    assert "secret" not in said
    release = away.manifest["release"]
    with server() as dsn:
        there = Copied(tmp_path, dsn=dsn)
        there.told("refresh")
        assert there.manifest["release"] == release
        with psycopg.connect(dsn) as connection:
            query = "select release, (select max(n) from bi.kpi_totals) from marts.kto_release"
            assert connection.execute(query).fetchall() == [(release, 20)]
