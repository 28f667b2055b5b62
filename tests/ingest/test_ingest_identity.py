"""Whatever is delivered: rows read are rows accepted and rows quarantined, and none is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from landing_house import GOOD, House

from dagster_project.codebook import Codebook
from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.ingest.lake import RESPONSES

CELLS = {
    "respons_id": st.sampled_from(["1", "2", "3", "", "a@b.nl"]),
    "gemeentecode": st.sampled_from(["637", "GM0637", "GM9999", ""]),
    "product": st.sampled_from(["paspoort", "x", ""]),
    "datum_contact": st.sampled_from(
        ["01-10-2020", "2020-10-01T10:00Z", "31-02-2020", "2030-01-01"]
    ),
    "datum_invul": st.sampled_from(["02-10-2020", "2019-01-01", ""]),
    "totaaloordeel": st.sampled_from(["8", "7,5", "0", "acht", "99", ""]),
}
ROWS = st.lists(
    st.one_of(
        st.fixed_dictionaries(CELLS).map(lambda row: list(row.values())),
        st.just(list(GOOD.values())),
        st.just(["short", "row"]),
        st.just([*GOOD.values(), "long"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_every_row_is_accepted_or_quarantined(real_codebook: Codebook, rows: list[list[str]]):
    with tempfile.TemporaryDirectory() as folder:
        home = Settings(
            PROJECT_ROOT, Path(folder, "landing"), Path(folder, "home"), b"a secret of the tests"
        )
        house = House(home, real_codebook)
        delivery = house.deliver("\n".join(";".join(row) for row in [list(GOOD), *rows]) + "\n")

        stored = [row["row"] for room in ("responses", "quarantine") for row in house.rows(room)]
        assert delivery.rows_read == delivery.rows_accepted + delivery.rows_quarantined
        assert delivery.rows_read == len(rows)
        assert sorted(stored) == list(range(2, len(rows) + 2))
        assert delivery.rows_accepted == len(house.rows("responses"))
        assert sum(delivery.reasons.values()) >= delivery.rows_quarantined


def test_files_of_the_lake_have_the_columns_they_promise(house: House):
    delivery = house.deliver(";".join(GOOD) + "\n" + ";".join(GOOD.values()) + "\n")

    (name,) = [name for name in delivery.files if name.startswith("responses/")]
    assert pq.read_schema(house.settings.lake / name).equals(RESPONSES)
