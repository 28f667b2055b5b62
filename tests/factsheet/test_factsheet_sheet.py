"""What a factsheet shows of published rows, and that it shows nothing of hidden ones."""

from __future__ import annotations

from datetime import date

import pytest
from published import answers, facts, kpi

from dagster_project.codebook import Codebook
from dagster_project.factsheet.annex import achieved_margin
from dagster_project.factsheet.charts import Dot, Line, matrix, trend
from dagster_project.factsheet.pages import sheet_page
from dagster_project.factsheet.sheet import Sheet, sheet_of
from dagster_project.factsheet.words import words

TEXT = words("nl")


def sheet(codebook: Codebook, rows: list[dict], period: str = "2020", **told: object) -> Sheet:
    return sheet_of(codebook, TEXT, facts(rows, **told), period)


def test_a_headline_figure_has_margin_change_and_benchmark(codebook: Codebook) -> None:
    row = kpi(
        "totaaloordeel",
        "2020",
        8.25,
        n=1234,
        margin=0.123,
        previous_value=8.1,
        change=0.15,
        change_significant=True,
        benchmark_value=8.3,
        benchmark_organisations=4,
        benchmark_significant=False,
    )
    made = sheet(codebook, [row])
    tile = made.blocks[0].tiles[0]
    assert (tile.label, tile.value, tile.margin, tile.n) == (
        "Totaaloordeel",
        "8,3",
        "0,12",
        "1\u202f234",
    )
    assert tile.change is not None
    assert (tile.change.text, tile.change.direction, tile.change.matters) == ("+0,2", "up", True)
    assert tile.against is not None
    # 8.25 - 8.3 = -0.05, half away from zero
    assert (tile.against.text, tile.against.matters) == ("\u22120,1", False)
    assert tile.track is not None
    # on a scale from 1 to 10: (8.25 - 1) / 9
    assert tile.track.dot == pytest.approx(80.56)
    assert made.benchmark == "Benchmark: gemiddelde van 4 andere organisaties."


def test_a_hidden_figure_has_its_label_and_nothing_else(codebook: Codebook) -> None:
    rows = [kpi("totaaloordeel", "2020", None), kpi("ces", "2020", 50.0)]
    made = sheet(
        codebook, rows, hidden=[{"period": "2020", "cells_suppressed": 3, "cells_published": 7}]
    )
    tile = made.blocks[0].tiles[0]
    assert tile.is_hidden
    assert (tile.value, tile.n, tile.margin, tile.benchmark) == ("", "", "", "")
    assert "Van de 10 cijfers van deze periode zijn er 3 verborgen" in made.hidden
    assert "minder dan 10 respondenten" in made.hidden


def test_the_parts_of_a_net_score_are_sums_of_published_answers(codebook: Codebook) -> None:
    shares = {"1": 42.0, "2": 28.0, "3": 16.0, "4": 10.0, "5": 4.0}
    rows = [kpi("ces", "2020", 56.0)]
    made = sheet(codebook, rows, answers=answers("moeite", "2020", shares))
    (stacks,) = made.blocks[0].stacks
    (stack,) = stacks.stacks
    assert [(one.label, one.text) for one in stack.segments] == [
        ("geen / weinig", "70\u00a0%"),
        ("niet veel en niet weinig", "16\u00a0%"),
        ("veel / heel veel", "14\u00a0%"),
    ]


def test_the_parts_are_not_shown_where_one_answer_is_hidden(codebook: Codebook) -> None:
    told = answers("moeite", "2020", {"1": 42.0, "2": 28.0, "3": 16.0, "4": 10.0})
    told += answers("moeite", "2020", {"5": 4.0}, status="suppressed", share=None, n=None)
    made = sheet(codebook, [kpi("ces", "2020", 56.0)], answers=told)
    assert made.blocks[0].stacks == []


def test_what_two_shares_leave_lies_between_them(codebook: Codebook) -> None:
    rows = [
        kpi("totaaloordeel", "2020", 7.8),
        kpi("totaaloordeel_8plus", "2020", 66.0),
        kpi("totaaloordeel_onvoldoende", "2020", 8.0),
    ]
    (stacks,) = sheet(codebook, rows).blocks[0].stacks
    texts = [one.text for one in stacks.stacks[0].segments]
    assert texts == ["66\u00a0%", "26\u00a0%", "8\u00a0%"]


def test_shares_that_overlap_are_listed_and_not_stacked(codebook: Codebook) -> None:
    rows = [
        kpi("welkom", "2020", 4.3),
        kpi("welkom_zeer_tevreden", "2020", 50.0),
        kpi("welkom_tevreden", "2020", 88.0),
    ]
    found = facts(rows)
    made = sheet_of(codebook, TEXT, type(found)("madi", "dynamo", found.tables), "2020")
    assert made.blocks[0].stacks == []
    shares = [one for one in made.blocks[0].lists if one.title == "Aandelen"]
    assert [strip.value for strip in shares[0].strips] == ["50\u00a0%", "88\u00a0%"]


def test_a_trend_ends_with_the_period_and_has_a_gap_where_it_is_hidden(codebook: Codebook) -> None:
    values = {"2017": 7.7, "2018": None, "2019": 7.9, "2020": 8.0, "2021": 8.8, "2020Q4": 6.6}
    rows = [kpi("totaaloordeel", period, value) for period, value in values.items()]
    chart = sheet(codebook, rows).blocks[0].trend
    assert chart is not None
    assert [row[:2] for row in chart.rows] == [
        ["2017", "7,7"],
        ["2018", "\u2013"],
        ["2019", "7,9"],
        ["2020", "8,0"],
    ]
    assert chart.alternative.endswith("laatste waarde 8,0.")


def test_one_value_is_no_trend(codebook: Codebook) -> None:
    assert sheet(codebook, [kpi("totaaloordeel", "2020", 8.0)]).blocks[0].trend is None


def test_each_channel_has_a_block_of_its_own(codebook: Codebook) -> None:
    rows = [
        kpi("totaaloordeel", "2020", 7.8),
        kpi("totaaloordeel", "2020", 8.3, channel="counter"),
        kpi("wachttijd", "2020", 8.1, channel="counter"),
    ]
    blocks = sheet(codebook, rows).blocks
    assert [one.title for one in blocks] == ["Alle kanalen samen", "Balie"]
    assert [strip.value for strip in blocks[1].lists[0].strips] == ["8,1"]


def test_products_stand_beside_each_other_in_the_order_of_the_codebook(codebook: Codebook) -> None:
    rows = [
        kpi("totaaloordeel", "2020", 7.9, product_code="rijbewijs"),
        kpi("totaaloordeel", "2020", None, product_code="paspoort"),
        kpi("ces", "2020", 40.0, product_code="rijbewijs"),
    ]
    block = sheet(codebook, rows).blocks[0]
    by_product = [one for one in block.groups if "per product" in one.title]
    assert [(one.label, one.value) for one in by_product[0].strips] == [
        ("Paspoort", ""),
        ("Rijbewijs", "7,9"),
    ]
    assert block.tables[0].rows == [["Paspoort", "", ""], ["Rijbewijs", "+40", "100"]]


def test_a_preview_says_that_it_is_none(codebook: Codebook) -> None:
    rows = [kpi("totaaloordeel", "2020", 8.0)]
    made = sheet(codebook, rows, released_on=None)
    assert made.is_preview
    assert made.told.startswith("Voorlopig")
    assert sheet(codebook, rows, released_on=date(2021, 1, 15)).told == (
        "Gepubliceerd op 15 januari 2021."
    )


def test_texts_from_outside_are_escaped(codebook: Codebook) -> None:
    made = sheet(codebook, [kpi("totaaloordeel", "2020", 8.0)])
    page = sheet_page(made, TEXT, {"front": "<b>", "annex": "", "csv": ""})
    assert 'href="&lt;b&gt;"' in page


def test_a_page_stands_by_itself(codebook: Codebook) -> None:
    rows = [kpi("totaaloordeel", period, 8.0) for period in ("2019", "2020")]
    page = sheet_page(sheet(codebook, rows), TEXT, {})
    assert 'lang="nl"' in page
    assert "data:image/svg+xml;base64," in page
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page


def test_the_margin_of_a_trend_stays_within_the_scale() -> None:
    spec = trend([Line("a", [("2019", 9.9, 0.5), ("2020", 9.8, 0.5)])], True, (1, 10))
    rows = spec["layer"][0]["data"]["values"]
    assert [(row["low"], row["high"]) for row in rows] == [
        (pytest.approx(9.4), 10),
        (pytest.approx(9.3), 10),
    ]


def test_numbers_in_a_matrix_do_not_stand_on_each_other() -> None:
    dots = [Dot(number, 0.5, 8.0) for number in range(1, 5)] + [Dot(5, 0.9, 6.0)]
    spec = matrix(dots, ("belang", "tevredenheid"), True, ("a", "b", "c", "d"))
    numbers = spec["layer"][-1]["data"]["values"]
    assert len({(one["importance"], one["satisfaction"]) for one in numbers}) == 5


def test_the_answers_about_an_aspect_are_one_bar_and_no_table(codebook: Codebook) -> None:
    shares = {"1": 1.0, "2": 4.0, "3": 7.0, "4": 38.0, "5": 50.0}
    found = facts([kpi("welkom", "2020", 4.3)], answers=answers("welkom", "2020", shares))
    block = sheet_of(codebook, TEXT, type(found)("madi", "dynamo", found.tables), "2020").blocks[0]
    (stacks,) = block.stacks
    assert [(one.label, one.text) for one in stacks.stacks[0].segments] == [
        ("zeer tevreden", "50\u00a0%"),
        ("tevreden", "38\u00a0%"),
        ("neutraal", "7\u00a0%"),
        ("ontevreden", "4\u00a0%"),
        ("zeer ontevreden", "1\u00a0%"),
    ]
    assert block.answers == []


def test_a_product_is_not_among_what_was_measured(codebook: Codebook) -> None:
    rows = [
        kpi("totaaloordeel", "2020", 7.9),
        kpi("totaaloordeel", "2020", 7.5, product_code="rijbewijs"),
    ]
    assert [label for label, _ in sheet(codebook, rows).definitions] == ["Totaaloordeel"]


def test_a_preview_of_a_published_period_says_that_it_is_one(codebook: Codebook) -> None:
    found = facts([kpi("totaaloordeel", "2020", 8.0)])
    made = sheet_of(codebook, TEXT, found, "2020", preview=True)
    assert made.is_preview
    assert made.told.startswith("Voorlopig")


def test_the_response_speaks_of_those_who_were_invited(codebook: Codebook) -> None:
    told = {
        "period": "2020",
        "channel": "all",
        "product_code": "all",
        "status": "published",
        "responses": 144,
        "reviews": 0,
        "tips": 0,
        "net_sample": 58,
        "responses_invited": 32,
        "response_rate": 100 * 32 / 58,
        "required_sample": 54,
        "required_reached": False,
    }
    made = sheet(codebook, [kpi("totaaloordeel", "2020", 8.0)], responses=[told])
    all_of_them, invited = made.response
    assert all_of_them == "144 respondenten"
    assert invited == (
        "Van de 58 mensen met een uitnodiging antwoordden er 32 (55,2\u00a0%): te weinig voor een "
        "marge van hoogstens 5 procentpunten, waarvoor 54 nodig zijn"
    )
    # 196 * sqrt(0.25 / 32) * sqrt(26 / 58) = 17.324 * 0.66953
    assert achieved_margin(TEXT, told) == "\u00b1 11,6"
    unknown = told | {"net_sample": 0, "responses_invited": 0, "response_rate": None}
    # 196 * sqrt(0.25 / 144)
    assert achieved_margin(TEXT, unknown) == "\u00b1 8,2"


def test_a_benchmark_of_several_sizes_says_so(codebook: Codebook) -> None:
    rows = [
        kpi("totaaloordeel", "2020", 8.0, benchmark_value=7.9, benchmark_organisations=7),
        kpi("ces", "2020", 50.0, benchmark_value=49.0, benchmark_organisations=3),
    ]
    made = sheet(codebook, rows)
    assert made.benchmark == "Benchmark: gemiddelde van 3 tot 7 andere organisaties."


def test_weighted_figures_are_called_so(codebook: Codebook) -> None:
    plain = kpi("totaaloordeel", "2020", 8.0, n_weighted=100.0)
    assert sheet(codebook, [plain]).weighted == ""
    assert "gewogen" in sheet(codebook, [plain | {"n_weighted": 98.5}]).weighted


def test_a_question_whose_answers_are_hidden_is_named(codebook: Codebook) -> None:
    told = answers("moeite", "2020", {"1": 0.0}, status="suppressed", share=None, n=None)
    made = sheet(codebook, [kpi("totaaloordeel", "2020", 8.0)], answers=told)
    assert [(one.title, one.base, one.rows) for one in made.blocks[0].answers] == [
        ("Moeite", "verborgen", [])
    ]
