"""The scripts by hand that the pipeline is timed beside make one table, each in its own way."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import PROJECT_ROOT

sys.path.append(str(PROJECT_ROOT / "benchmarks"))

import by_hand
import feeds


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two thousand responses of five municipalities, and some invitations."""
    landing = tmp_path_factory.mktemp("landing")
    feeds.write_feeds(landing, 2000, 100, 5, seed=1)
    return {feed: landing / feed / "2025-01-05.csv" for feed in feeds.CHANNELS}


def test_three_scripts_agree_in_every_figure(files: dict[str, Path]) -> None:
    scores = by_hand.scores_of(load_codebook(PROJECT_ROOT / "seeds"), feeds.STUDY)
    found = by_hand.with_sql(files, scores).sort(by_hand.KEY)
    overall = found.filter(pl.col("channel") == "all", pl.col("product") == "all")
    assert overall["n_totaaloordeel"].sum() == pytest.approx(2000 * feeds.ITEM_RESPONSE, rel=0.02)
    for script in (by_hand.with_polars, by_hand.with_pandas):
        other = script(files, scores).select(found.columns).sort(by_hand.KEY)
        figures = [name for name in found.columns if name not in by_hand.KEY]
        assert found.select(by_hand.KEY).equals(other.select(by_hand.KEY))
        gaps = (found[name] - other[name].fill_nan(None) for name in figures)
        assert max(abs(gap) for one in gaps for gap in one.drop_nulls()) < 1e-9
