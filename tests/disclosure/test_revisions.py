"""Random histories of releases and revisions: nobody who keeps them all learns more than one tells.

`KTO_BATTERY=2000` runs that many histories instead of the few of the suite.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from random import Random

import pytest
from histories import BASE, History, Release, Shape
from joint_oracle import Demands, leaks
from made_histories import SHAPES, World, plan
from reference_chooser import Chooser, Rule

BATTERY = int(os.environ.get("KTO_BATTERY", "0"))
DEMANDS = Demands(min_n=3)
ROWS_STAY = Demands(min_n=3, rows_stay=True)
PARTS = 8

Publish = Callable[[History, Mapping[str, int], bool], Release | None]


def history(seed: int, publish: Publish) -> History:
    """Draw a history; it ends where nothing can be published without breaking a promise."""
    rng = Random(seed)  # noqa: S311
    shape, only_added = rng.choice(SHAPES), rng.random() < 0.4
    world = World(shape, rng)
    world.populate()
    made = History(shape, {}, ())
    for number, step in enumerate(plan(shape, rng, rng.randint(1, 3))):
        if number:
            if not only_added and rng.random() < 0.25:
                world.take_back_newest(rng.randint(1, 4))
            for _ in range(rng.randint(1, 4)):
                world.event(only_added)
        versions = world.publish(step)
        made = History(shape, dict(world.tables), made.releases)
        year = len(shape.quarters) > 1 and set(versions) == set(shape.quarters)
        release = publish(made, versions, year)
        if release is None:
            break
        made = made.with_release(release)
    return made


def by_the_rules(seed: int, rule: Rule) -> Publish:
    rng = Random(seed)  # noqa: S311
    return lambda made, versions, year: Chooser(made, ROWS_STAY, rule).choose(versions, year, rng)


def by_protect(made: History, versions: Mapping[str, int], year: bool) -> Release:
    pytest.importorskip("dagster_project.disclosure.protect.vintages")
    from vintage_driver import Driver, Rules  # noqa: PLC0415

    return Driver(made, Rules(min_n=DEMANDS.min_n, width=DEMANDS.width)).publish(
        versions, year=year
    )


def seeds(part: int, few: int) -> range:
    return range(part, (BATTERY or few), PARTS)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_the_rules_allow_tells_no_more_over_all_releases(part: int) -> None:
    for seed in seeds(part, 40):
        made = history(seed, by_the_rules(seed, Rule()))
        assert leaks(made, ROWS_STAY, [BASE]) == [], f"history {seed}"


@pytest.mark.parametrize("part", range(PARTS))
def test_what_protect_publishes_tells_no_more_over_all_releases(part: int) -> None:
    for seed in seeds(part, 240):
        made = history(seed, by_protect)
        assert leaks(made, DEMANDS) == [], f"history {seed}"


def removals_under_a_year(seed: int, rule: Rule) -> History:
    """Draw three channels in two quarters and a year; a good part of the first quarter goes."""
    rng = Random(seed)  # noqa: S311
    shape = Shape(("Q1", "Q2"), ("c1", "c2", "c3"))
    world = World(shape, rng)
    world.populate()
    made = History(shape, {}, ())
    for quarters in (shape.quarters, ("Q1",)):
        versions = world.publish(quarters)
        made = History(shape, dict(world.tables), made.releases)
        release = Chooser(made, DEMANDS, rule).choose(versions, True, rng)
        if release is None:
            return made
        made = made.with_release(release)
        for channel in rng.sample(shape.channels, 2):
            for who, person in list(world.people.items()):
                if person.quarter == "Q1" and person.channel == channel:
                    del world.people[who]
    return made


def test_a_quarter_that_is_not_revised_carries_what_is_told_from_one_vintage_to_another() -> None:
    without = Rule(unrevised=False, shared=False)
    assert any(leaks(removals_under_a_year(seed, without), DEMANDS, [BASE]) for seed in range(60))
    for seed in range(60):
        assert leaks(removals_under_a_year(seed, Rule()), DEMANDS, [BASE]) == [], seed
