"""Rules for bands: each possible answer has points exactly once.

Belongs here: rules on `metric_bands.csv`. Does not belong here: which family a metric is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault, row_of
from dagster_project.codebook.grid import Grid, grid_of
from dagster_project.codebook.model import Metric, MetricBand

_BANDED = frozenset({"net", "share"})
_RECODED = "mean"
_ALL_OR_NOTHING = frozenset({0.0, 100.0})


def bands_suit_the_family(codebook: Codebook) -> Iterator[Fault]:
    """Check that a net or share has bands and a composite none; a mean may recode by them."""
    for metric in _figures(codebook):
        bands = codebook.bands_of(metric.study, metric.metric)
        if metric.family == _RECODED:
            continue
        if metric.family not in _BANDED:
            for band in bands:
                yield Fault(
                    band,
                    "metric",
                    f"'{metric.metric}' is a {metric.family} and takes answers as they are; "
                    "remove its bands",
                )
        elif not bands:
            yield Fault(
                metric,
                "metric",
                f"'{metric.metric}' is a {metric.family} without bands; "
                "say in metric_bands.csv how many points each answer gives",
            )
        else:
            yield from _unfit_points(metric, bands)


def _unfit_points(metric: Metric, bands: Sequence[MetricBand]) -> Iterator[Fault]:
    """Find bands of a net or share that give no points, or not those of a share."""
    for band in bands:
        if band.points is None:
            yield Fault(
                band,
                "points",
                f"a {metric.family} needs points in every band; only a mean leaves answers as they "
                "are",
            )
        elif metric.family == "share" and band.points not in _ALL_OR_NOTHING:
            yield Fault(band, "points", f"a share gives 0 or 100 points, not {band.points:g}")


def bands_tile_their_scale(codebook: Codebook) -> Iterator[Fault]:
    """Check that the bands of a metric cover the scale of its question without gap or overlap."""
    scales = {scale.scale: scale for scale in codebook.scales}
    questions = {(row.study, row.question): row.scale for row in codebook.questions}
    for metric in _figures(codebook):
        asked = codebook.questions_of_metric(metric.study, metric.metric)
        bands = codebook.bands_of(metric.study, metric.metric)
        if metric.family not in {*_BANDED, _RECODED} or len(asked) != 1 or not bands:
            continue
        scale = scales.get(questions.get((metric.study, asked[0]), ""))
        grid = scale and grid_of(scale, codebook.values_of(scale.scale))
        if scale and grid:
            misplaced = list(_misplaced(bands, grid, scale.scale))
            if metric.family == _RECODED:
                misplaced += _off_the_scale(bands, grid, scale.scale)
            yield from misplaced or _gaps_and_overlaps(bands, grid)


def _figures(codebook: Codebook) -> Iterator[Metric]:
    return (metric for metric in codebook.metrics if metric.family != "distribution")


def _misplaced(bands: Sequence[MetricBand], grid: Grid, scale: str) -> Iterator[Fault]:
    """Find bands that do not begin and end on an answer of the scale, in that order."""
    for band in bands:
        for name, value in (("lower", band.lower), ("upper", band.upper)):
            if grid.place(value) is None:
                yield Fault(
                    band,
                    name,
                    f"{value:g} is no answer of scale '{scale}', which runs "
                    f"{' to '.join(grid.ends)}; use one that is",
                )
        if band.lower > band.upper:
            yield Fault(band, "upper", f"{band.upper:g} is below lower {band.lower:g}; swap them")


def _off_the_scale(bands: Sequence[MetricBand], grid: Grid, scale: str) -> Iterator[Fault]:
    """Find bands of a mean that turn answers into values outside the scale."""
    for band in bands:
        if band.points is not None and grid.place(band.points) is None:
            yield Fault(
                band,
                "points",
                f"{band.points:g} is no answer of scale '{scale}', which runs "
                f"{' to '.join(grid.ends)}; count the answers as one that is",
            )


def _gaps_and_overlaps(bands: Sequence[MetricBand], grid: Grid) -> Iterator[Fault]:
    """Walk up the scale from band to band; every end is known to be on the grid."""
    expected = 0
    last = bands[0]
    for band in sorted(bands, key=lambda band: (band.lower, band.upper)):
        lower, upper = grid.place(band.lower), grid.place(band.upper)
        if lower is None or upper is None:
            continue
        if lower > expected:
            gap = grid.span(expected, lower - 1)
            yield Fault(band, "lower", f"{gap} no points; close the gap below this band")
        elif lower < expected:
            both = grid.span(lower, min(upper, expected - 1))
            yield Fault(
                band, "lower", f"{both} points in {row_of(last, band)} already; end the overlap"
            )
        if upper >= expected:
            expected, last = upper + 1, band
    if expected < len(grid.points):
        gap = grid.span(expected, len(grid.points) - 1)
        yield Fault(last, "upper", f"{gap} no points; close the gap above this band")
