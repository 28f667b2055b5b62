"""Random histories of releases and revisions: nobody who keeps them all learns more than one tells.

`KTO_BATTERY=2000` runs that many histories of each kind instead of the few of the suite.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random

import pytest
from histories import History, Shape
from joint_oracle import leaks
from joint_system import Demands
from made_histories import SHAPES, World, plan
from vintage_driver import Driver

from dagster_project.disclosure.protect import Rules

BATTERY = int(os.environ.get("KTO_BATTERY", "0"))
DEMANDS = Demands(min_n=3)
PARTS = 8


def published(world: World, made: History, quarters: tuple[str, ...]) -> History:
    """Publish, or revise, these quarters; with the year as soon as all of several are out."""
    versions: Mapping[str, int] = world.publish(quarters)
    shape = made.shape
    made = History(shape, dict(world.tables), made.releases)
    year = len(shape.quarters) > 1 and set(versions) == set(shape.quarters)
    driver = Driver(made, Rules(min_n=DEMANDS.min_n, width=DEMANDS.width))
    return made.with_release(driver.publish(versions, year=year))


def history(seed: int) -> History:
    """Draw a history of people who come late, leave, move and answer otherwise."""
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
        made = published(world, made, step)
    return made


def removals_under_a_year(seed: int) -> History:
    """Draw three channels in two quarters and a year; two of the first quarter are removed."""
    rng = Random(seed)  # noqa: S311
    shape = Shape(("Q1", "Q2"), ("c1", "c2", "c3"))
    world = World(shape, rng)
    world.populate()
    made = published(world, History(shape, {}, ()), shape.quarters)
    gone = rng.sample(shape.channels, 2)
    world.people = {
        who: person
        for who, person in world.people.items()
        if person.quarter != "Q1" or person.channel not in gone
    }
    return published(world, made, ("Q1",))


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_published_tells_no_more_over_all_releases(part: int) -> None:
    for seed in range(part, BATTERY or 32, PARTS):
        assert leaks(history(seed), DEMANDS) == [], f"history {seed}"


def test_a_quarter_that_is_not_revised_does_not_tell_what_was_removed_from_another() -> None:
    for seed in range(BATTERY or 8):
        assert leaks(removals_under_a_year(seed), DEMANDS) == [], f"history {seed}"
