"""Bands that are cut from a scale tile it; take one away, or widen one, and they do not."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from dagster_project.codebook import (
    Codebook,
    Metric,
    MetricBand,
    MetricQuestion,
    Question,
    Scale,
)
from dagster_project.codebook.check_bands import bands_tile_their_scale

LOWEST, HIGHEST = 10, 100  # tenths: a grade from 1.0 to 10.0


def faults(bands: list[tuple[int, int]]) -> list[str]:
    """Judge bands in tenths as those of one metric over a grade with one decimal."""
    codebook = Codebook(
        scales=(Scale("tens", "number", 1, 10, 1, None),),
        questions=(Question("desk", "grade", "tens", "Cijfer", "Grade"),),
        metrics=(
            Metric(
                "desk",
                "good",
                "net",
                "points",
                "answered",
                0,
                None,
                "grade",
                True,
                date(2021, 1, 1),
                "Goed",
                "Good",
                "Saldo",
                "Balance",
                None,
            ),
        ),
        metric_questions=(MetricQuestion("desk", "good", "grade"),),
        metric_bands=tuple(MetricBand("desk", "good", a / 10, b / 10, 0) for a, b in bands),
    )
    return [fault.message for fault in bands_tile_their_scale(codebook)]


@st.composite
def tilings(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Cut the scale in at least two bands, in any order."""
    cuts = draw(st.sets(st.integers(LOWEST + 1, HIGHEST), min_size=1, max_size=8))
    starts = [LOWEST, *sorted(cuts)]
    ends = [start - 1 for start in starts[1:]] + [HIGHEST]
    return draw(st.permutations(list(zip(starts, ends, strict=True))))


@given(tilings())
def test_bands_cut_from_a_scale_tile_it(bands: list[tuple[int, int]]):
    assert faults(bands) == []


@given(tilings(), st.data())
def test_a_band_taken_away_leaves_one_gap(bands: list[tuple[int, int]], data: st.DataObject):
    bands.remove(data.draw(st.sampled_from(bands)))
    found = faults(bands)
    assert len(found) == 1
    assert "no points; close the gap" in found[0]


@given(tilings(), st.data())
def test_a_band_made_wider_overlaps_its_neighbour(
    bands: list[tuple[int, int]], data: st.DataObject
):
    lower, upper = data.draw(st.sampled_from(sorted(bands)[:-1]))
    bands[bands.index((lower, upper))] = (lower, upper + 1)
    found = faults(bands)
    assert len(found) == 1
    assert "already; end the overlap" in found[0]
