"""The fingerprint of a feed changes with what judges its deliveries, and with nothing else."""

from __future__ import annotations

import pytest
from tiny_codebook import Seeds

from dagster_project.codebook import read_codebook

FEEDS = ("desk_walk_in", "desk_sent", "port_2016")


def fingerprints(seeds: Seeds) -> dict[str, str]:
    codebook, _ = read_codebook(seeds.folder)
    return {feed: codebook.fingerprint_of(feed) for feed in FEEDS}


@pytest.mark.parametrize(
    ("change", "feeds"),
    [
        ("set feeds 2 channel phone", {"desk_walk_in"}),
        ("set feeds 4 sheet Data", {"port_2016"}),
        ("set studies 2 starts_on 2020-02-01", {"desk_walk_in", "desk_sent"}),
        ("set studies 2 max_bad_rows_pct 30", {"desk_walk_in", "desk_sent"}),
        ("set columns 8 header cijfer", {"desk_walk_in"}),
        ("set columns 8 required true", {"desk_walk_in"}),
        ("set columns 4 format %m/%d/%Y + set columns 5 format %m/%d/%Y", {"desk_walk_in"}),
        ("set scales 2 decimals 0", {"desk_walk_in"}),
        ("set scale_values 4 number 2.4", {"desk_walk_in", "port_2016"}),
        ("set scale_values 10 raw 99", {"desk_walk_in", "port_2016"}),
        ("set scale_values 12 raw telephone", {"desk_sent"}),
        ("add products desk,permit,Vergunning,Permit,,", {"desk_walk_in", "desk_sent"}),
        ("add organisations P2,Haven 2,harbour,,,", {"port_2016"}),
        ("add channels desk,mail,Post,Mail", {"desk_walk_in", "desk_sent"}),
    ],
)
def test_changes_for_the_feeds_that_a_row_judges(tiny: Seeds, change: str, feeds: set[str]):
    before = fingerprints(tiny)
    tiny.apply(change)
    after = fingerprints(tiny)
    assert {feed for feed in FEEDS if before[feed] != after[feed]} == feeds


@pytest.mark.parametrize(
    "change",
    [
        "set studies 2 label_nl Loket",
        "set studies 2 min_n 12",
        "set studies 2 release_day 21",
        "set studies 2 hold_bad_rows_pct 6",
        "set studies 2 max_revisions 1",
        "set waves 2 fieldwork_ended_on 2016-12-24",
        "set channels 2 label_en Visit",
        "set questions 2 label_nl Rapportcijfer",
        "set scale_values 2 label_nl eentje",
        "set products 2 label_en Pass",
        "set products 2 upl_name pas",
        "set organisations 2 name Stad",
        "set organisations 3 size_class small",
        "set metrics 2 decimals 2",
        "set metrics 6 overall_metric",
        "set studies 2 priority_min_n 50",
        "set publication_rules 2 min_answers 20",
        "set columns 8 header GRADE",
        "set scale_values 3 raw ONE",
    ],
)
def test_stays_when_only_wording_or_figures_change(tiny: Seeds, change: str):
    before = fingerprints(tiny)
    tiny.apply(change)
    assert fingerprints(tiny) == before


def test_does_not_depend_on_the_order_of_rows(tiny: Seeds):
    before = fingerprints(tiny)
    for path in tiny.folder.glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([header, *reversed(rows)]), encoding="utf-8")
    assert fingerprints(tiny) == before


def test_tells_feeds_apart(tiny: Seeds):
    assert len(set(fingerprints(tiny).values())) == len(FEEDS)
