"""What the metrics of the shipped studies are to each other."""

from __future__ import annotations

from dagster_project.codebook import Codebook, Metric
from dagster_project.factsheet.outline import outline_of


def ids(metrics: tuple[Metric, ...]) -> list[str]:
    return [one.metric for one in metrics]


def test_overall_figures_net_scores_and_composites_head_a_factsheet(codebook: Codebook) -> None:
    assert ids(outline_of(codebook, "nvvb").headline) == ["totaaloordeel", "ces", "hostmanship"]
    assert ids(outline_of(codebook, "sfo").headline) == ["q7all", "q9all", "nps"]
    assert ids(outline_of(codebook, "blik_op_werk").headline) == ["totaaloordeel"]


def test_a_study_of_shares_alone_is_led_by_its_first_one(codebook: Codebook) -> None:
    outline = outline_of(codebook, "divosa")
    assert outline.headline == ()
    assert outline.lead[0].metric == "vertrouwen"


def test_shares_of_the_same_answers_and_items_of_a_composite_are_parts(codebook: Codebook) -> None:
    parts = outline_of(codebook, "nvvb").parts
    assert ids(parts["totaaloordeel"]) == ["totaaloordeel_8plus", "totaaloordeel_onvoldoende"]
    assert ids(parts["hostmanship"]) == [
        "deskundigheid",
        "bereidheid",
        "inleving",
        "verantwoordelijkheid",
        "meedenken",
        "vertegenwoordiging",
    ]
    assert "ces" not in parts


def test_every_metric_that_is_no_second_judgement_has_one_place(codebook: Codebook) -> None:
    seconds = {rule.second_judgement_metric for rule in codebook.publication_rules}
    for study in codebook.studies:
        outline = outline_of(codebook, study.study)
        placed = [
            *outline.headline,
            *(one for owned in outline.parts.values() for one in owned),
            *(one for metrics in outline.aspects.values() for one in metrics),
            *outline.statements,
        ]
        wanted = [
            one.metric
            for one in codebook.metrics_of(study.study)
            if one.family != "distribution" and one.metric not in seconds
        ]
        assert sorted(ids(tuple(placed))) == sorted(wanted)
