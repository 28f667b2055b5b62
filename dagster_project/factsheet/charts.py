"""Charts with axes, drawn by Vega-Lite without network or browser (why: docs/decisions.md).

Belongs here: what a chart looks like. Does not belong here: which figures it shows. A chart is an
image with a text that says what it shows; the figures are in a table beside it. Lines differ by
dash as well as by shade, so that they can be distinguished in grey.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

WIDTH, HEIGHT = 400, 190
INK, OWN, QUIET = "#1b1b1b", "#154273", "#6b6b6b"
SOLID, DASHED = [1, 0], [6, 3]
LEAST_SPAN = 0.6
MATRIX_HEIGHT = 280
NUMBER_WIDTH, NUMBER_HEIGHT = 18, 13
AROUND = ((0, 11), (0, -11), (13, 0), (-13, 0), (12, 9), (-12, 9), (12, -9), (-12, -9))
FURTHER = (1, 1.8, 2.6)
"""Where a number may stand beside its dot, in pixels, the best place first; then further away."""
COMMA = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["\u20ac\u00a0", ""]}
CONFIG = {
    "aria": False,
    "font": "Arial, Helvetica, sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#e2e2e2",
        "domainColor": "#8c8c8c",
        "tickColor": "#8c8c8c",
    },
    "text": {"fontSize": 12, "color": INK},
}


@dataclass(frozen=True)
class Line:
    """A series: points as (period, value, margin), oldest first; without a value it is a gap."""

    label: str
    points: Sequence[tuple[str, float | None, float | None]]
    is_benchmark: bool = False


@dataclass(frozen=True)
class Dot:
    """An aspect in a priority matrix; `number` refers to the table."""

    number: int
    importance: float
    satisfaction: float


def trend(
    lines: Sequence[Line], decimal_comma: bool, bounds: tuple[float, float]
) -> dict[str, Any]:
    """Specify a chart of series over periods; the margin of the first one is a light area."""
    names = [str(place) for place in range(len(lines))]
    rows = [
        {
            "line": name,
            "period": period,
            "value": value,
            "low": None if value is None or margin is None else max(value - margin, bounds[0]),
            "high": None if value is None or margin is None else min(value + margin, bounds[1]),
        }
        for name, line in zip(names, lines, strict=True)
        for period, value, margin in line.points
    ]
    ends = [
        {"line": name, "label": line.label, "period": line.points[-1][0], "value": last}
        for name, line in zip(names, lines, strict=True)
        for last in [value for _, value, _ in line.points if value is not None][-1:]
    ]
    x = {
        "field": "period",
        "type": "ordinal",
        "title": None,
        "axis": {"labels": False},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": _domain(rows, bounds), "nice": True, "zero": False},
        "axis": {"tickCount": 5, "format": "~f"},
    }
    periods = [
        {"period": period, "label": _period_label(period)}
        for period in dict.fromkeys(period for line in lines for period, _, _ in line.points)
    ]
    series = {
        "color": _by(names, [QUIET if line.is_benchmark else OWN for line in lines]),
        "strokeDash": _by(names, [DASHED if line.is_benchmark else SOLID for line in lines]),
    }
    first = {"filter": {"field": "line", "equal": names[0]}}
    return _chart(
        {
            "layer": [
                {
                    "data": {"values": rows},
                    "transform": [first, {"filter": "isValid(datum.low)"}],
                    "mark": {"type": "area", "color": OWN, "opacity": 0.16},
                    "encoding": {
                        "x": x,
                        "y": {**y, "field": "low"},
                        "y2": {"field": "high"},
                    },
                },
                {
                    "data": {"values": rows},
                    "mark": {
                        "type": "line",
                        "strokeWidth": 2,
                        "point": {"filled": True, "size": 36},
                    },
                    "encoding": {"x": x, "y": y, **series},
                },
                {
                    "data": {"values": periods},
                    "mark": {"type": "text", "baseline": "top", "dy": 8},
                    "encoding": {"x": x, "y": {"value": HEIGHT}, "text": {"field": "label"}},
                },
                {
                    "data": {"values": _apart(ends, _domain(rows, bounds))},
                    "mark": {"type": "text", "align": "left", "dx": 8},
                    "encoding": {
                        "x": x,
                        "y": {**y, "field": "at"},
                        "text": {"field": "label"},
                        "color": series["color"],
                    },
                },
            ],
        },
        decimal_comma,
        right=110,
    )


def matrix(
    dots: Sequence[Dot], titles: tuple[str, str], decimal_comma: bool, corners: Sequence[str]
) -> dict[str, Any]:
    """Specify a priority matrix: importance to the right, satisfaction upwards, means as lines.

    `corners` name the quadrants: low left, low right, high left, high right.
    """
    rows = [vars(dot) for dot in dots]
    mean_x = sum(dot.importance for dot in dots) / len(dots)
    mean_y = sum(dot.satisfaction for dot in dots) / len(dots)
    x_domain = _padded([dot.importance for dot in dots], 0.15)
    y_domain = _padded([dot.satisfaction for dot in dots], 0.25)
    x = {
        "field": "importance",
        "type": "quantitative",
        "title": f"{titles[0]} \u2192",
        "scale": {"domain": x_domain, "nice": False, "zero": False},
        "axis": {"tickCount": 5, "format": "~f"},
    }
    y = {
        "field": "satisfaction",
        "type": "quantitative",
        "title": f"{titles[1]} \u2192",
        "scale": {"domain": y_domain, "nice": False, "zero": False},
        "axis": {"tickCount": 5, "format": "~f"},
    }
    named = [
        {"corner": corners[0], "x": x_domain[0], "y": y_domain[0], "side": "left"},
        {"corner": corners[1], "x": x_domain[1], "y": y_domain[0], "side": "right"},
        {"corner": corners[2], "x": x_domain[0], "y": y_domain[1], "side": "left"},
        {"corner": corners[3], "x": x_domain[1], "y": y_domain[1], "side": "right"},
    ]
    rule = {"type": "rule", "color": "#8c8c8c", "strokeDash": [4, 3]}
    dot = {"x": x, "y": y}
    return _chart(
        {
            "layer": [
                {"data": {"values": [{"importance": mean_x}]}, "mark": rule, "encoding": {"x": x}},
                {
                    "data": {"values": [{"satisfaction": mean_y}]},
                    "mark": rule,
                    "encoding": {"y": y},
                },
                *(
                    {
                        "data": {"values": [one]},
                        "mark": {
                            "type": "text",
                            "align": one["side"],
                            "dx": 4 if one["side"] == "left" else -4,
                            "dy": -8 if one["y"] == y_domain[0] else 10,
                            "color": QUIET,
                            "fontStyle": "italic",
                        },
                        "encoding": {
                            "x": {**x, "field": "x"},
                            "y": {**y, "field": "y"},
                            "text": {"field": "corner"},
                        },
                    }
                    for one in named
                ),
                {
                    "data": {"values": rows},
                    "mark": {"type": "circle", "size": 55, "color": OWN, "opacity": 1},
                    "encoding": dot,
                },
                {
                    "data": {"values": _numbered(dots, x_domain, y_domain)},
                    "mark": {"type": "text", "fontWeight": "bold"},
                    "encoding": {**dot, "text": {"field": "number"}},
                },
            ],
        },
        decimal_comma,
        height=MATRIX_HEIGHT,
    )


def drawn(spec: Mapping[str, Any]) -> str:
    """Draw a chart as an SVG image in a data address, for the `src` of an `img`.

    Charts that differ in nothing but rows and ranges are compiled once.
    """
    import vl_convert  # noqa: PLC0415

    layers = [{**layer, "data": {"name": f"{n}"}} for n, layer in enumerate(spec["layer"])]
    ranges: dict[str, list[float]] = {}
    for layer in layers:
        layer["encoding"] = {
            axis: _without_range(axis, channel, ranges)
            for axis, channel in layer["encoding"].items()
        }
    vega = json.loads(_compiled(json.dumps({**spec, "layer": layers})))
    rows = {f"{n}": layer["data"]["values"] for n, layer in enumerate(spec["layer"])}
    for source in vega["data"]:
        if source["name"] in rows:
            source["values"] = rows[source["name"]]
    for scale in vega["scales"]:
        scale["domain"] = ranges.get(scale["name"], scale["domain"])
    svg = vl_convert.vega_to_svg(vega)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def _without_range(
    axis: str, channel: Mapping[str, Any], ranges: dict[str, list[float]]
) -> dict[str, Any]:
    """Put the range of a quantitative axis aside, and one that stands for any in its place."""
    if channel.get("type") != "quantitative" or "scale" not in channel:
        return dict(channel)
    ranges[axis] = channel["scale"]["domain"]
    return {**channel, "scale": {**channel["scale"], "domain": [0, 1]}}


@lru_cache(maxsize=32)
def _compiled(spec: str) -> str:
    """Compile Vega-Lite to Vega, which takes as long as drawing does."""
    import vl_convert  # noqa: PLC0415

    return json.dumps(vl_convert.vegalite_to_vega(spec))


def _chart(
    body: dict[str, Any],
    decimal_comma: bool,
    height: int = HEIGHT,
    right: int = 10,
) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH - right,
        "height": height,
        "padding": {"left": 4, "top": 8, "right": right, "bottom": 4},
        "autosize": {"type": "pad"},
        "config": {**CONFIG, "locale": {"number": COMMA}} if decimal_comma else CONFIG,
        **body,
    }


def _period_label(period: str) -> str | list[str]:
    """Write a quarter as its number, the year below the first; a year as it is."""
    year, quarter = period[:4], period[4:]
    return [quarter, year] if quarter == "Q1" else quarter or year


def _by(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {
        "field": "line",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(names), "range": list(values)},
    }


def _domain(rows: Sequence[Mapping[str, Any]], bounds: tuple[float, float]) -> list[float]:
    shown = [row[key] for row in rows for key in ("value", "low", "high") if row[key] is not None]
    low, high = min(shown), max(shown)
    lacking = max(LEAST_SPAN * (bounds[1] - bounds[0]) / 9 - (high - low), 0) / 2
    return [max(low - lacking, bounds[0]), min(high + lacking, bounds[1])]


def _padded(values: Sequence[float], part: float) -> list[float]:
    spread = (max(values) - min(values)) or 1.0
    return [min(values) - part * spread, max(values) + part * spread]


def _apart(ends: Sequence[Mapping[str, Any]], domain: Sequence[float]) -> list[dict[str, Any]]:
    """Move the names at the ends of lines so far apart that each can be read."""
    least = (domain[1] - domain[0]) * 15 / HEIGHT
    placed: list[dict[str, Any]] = []
    for end in sorted(ends, key=lambda one: one["value"]):
        at = end["value"]
        if placed and at - placed[-1]["at"] < least:
            at = placed[-1]["at"] + least
        placed.append({**end, "at": at})
    return placed


def _numbered(
    dots: Sequence[Dot], x_domain: Sequence[float], y_domain: Sequence[float]
) -> list[dict[str, Any]]:
    """Place the numbers beside their dots so that none stands on another or on a dot."""
    across = (WIDTH - 10) / (x_domain[1] - x_domain[0])
    up = MATRIX_HEIGHT / (y_domain[1] - y_domain[0])
    taken = [(dot.importance * across, dot.satisfaction * up) for dot in dots]
    placed = []
    for dot in dots:
        at = (dot.importance * across, dot.satisfaction * up)
        places = [(at[0] + far * dx, at[1] + far * dy) for far in FURTHER for dx, dy in AROUND]
        free = next((one for one in places if _is_free(one, taken)), places[0])
        taken.append(free)
        placed.append(
            {"number": dot.number, "importance": free[0] / across, "satisfaction": free[1] / up}
        )
    return placed


def _is_free(place: tuple[float, float], taken: Sequence[tuple[float, float]]) -> bool:
    return all(
        abs(place[0] - x) >= NUMBER_WIDTH * 0.7 or abs(place[1] - y) >= NUMBER_HEIGHT * 0.8
        for x, y in taken
    )
