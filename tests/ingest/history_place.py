"""A landing and a lake beside the model of what they must hold (history_model).

Belongs here: changing both, and comparing them. Does not belong here: which changes come
(test_ingest_histories).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import history_model as model
import polars as pl
from history_model import FEEDS, Landed, Model
from landing_house import House

from dagster_project.codebook import Codebook, Inclusion, Product, load_codebook
from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.ingest import (
    Delivery,
    check_lake,
    read_register,
    scan_landing,
    standing_refusals,
)

OF_ALL = ("responses/_none/empty.parquet", "invitations/_none/empty.parquet")


def codebook() -> Codebook:
    """The real one, with a feed of which only finished questionnaires count."""
    real = load_codebook(PROJECT_ROOT / "seeds")
    rule = Inclusion(row=2, feed=model.COUNTS_BY, header="Status", value="klaar")
    return replace(real, inclusions=(*real.inclusions, rule))


PLAIN = codebook()
PRODUCT = Product("nvvb", model.NEW_PRODUCT, "Vliegbrevet", "Pilot licence", None, None)
KNOWING = replace(PLAIN, products=(*PLAIN.products, PRODUCT))


@dataclass
class Place:
    """A house, and the model of what it must hold."""

    house: House
    model: Model

    @classmethod
    def under(cls, folder: Path, known: Model) -> Place:
        house = House(Settings(PROJECT_ROOT, folder / "landing", folder / "home", b"k" * 32), PLAIN)
        house.settings.landing.mkdir(parents=True)
        place = cls(house, known)
        place.know(known=known.knows_product)
        return place

    @property
    def lake(self) -> Path:
        return self.house.settings.lake

    def know(self, *, known: bool) -> None:
        self.model.knows_product = known
        self.house.codebook = KNOWING if known else PLAIN

    def put(self, path: str, landed: Landed) -> None:
        at = self.house.land(path, landed.content.bytes)
        os.utime(at, (landed.modified.timestamp(),) * 2)
        self.model.landing[path] = landed

    def take_away(self, path: str) -> Landed:
        (self.house.settings.landing / path).unlink()
        return self.model.landing.pop(path)

    def lose(self, feed: str, sha256: str) -> None:
        """Take away all files of a feed that hold these bytes."""
        for path, landed in [*self.model.landing.items()]:
            if model.feed_of(path) == feed and landed.content.sha256 == sha256:
                self.take_away(path)

    def take_in(self, feed: str) -> None:
        due = self.model.to_judge(feed)
        result = self.house.ingest(feed)
        assert list(result.new) == due
        assert result.left == ()
        self.model.take_in(feed)

    def compare(self) -> None:
        """See that the lake and the register are what the model says, and that nothing is left."""
        register = {(d.feed, d.sha256): d for d in read_register(self.lake)}
        assert {key: told(one) for key, one in register.items()} == {
            key: expected(one) for key, one in self.model.taken.items()
        }
        check_lake(self.lake)
        rooms = {room: self.rows(room) for room in ("responses", "restricted", "quarantine")}
        for key, known in self.model.taken.items():
            assert set(rooms["responses"].get(key, {})) == set(known.accepted)
            texts = {number: row.text for number, row in known.accepted.items() if row.text}
            kept = {number: row["text"] for number, row in rooms["restricted"].get(key, {}).items()}
            assert kept == texts
            quarantine = rooms["quarantine"].get(key, {})
            assert {n: sorted(row["reasons"]) for n, row in quarantine.items()} == {
                n: sorted(reasons) for n, reasons in known.bad.items()
            }
        assert {key for rows in rooms.values() for key in rows} <= set(self.model.taken)
        for feed in FEEDS:
            newest = {key: row.grade for key, row in self.model.current(feed).items()}
            assert current(rooms["responses"], feed) == newest
        self.compare_landing(tuple(register.values()))
        self.compare_files(tuple(register.values()))

    def rows(self, room: str) -> dict[tuple[str, str], dict[int, dict[str, Any]]]:
        """Rows in a room of the lake by delivery and number."""
        found: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
        for path in (self.lake / room).glob("*/*.parquet"):
            if path.parent.name != "_none":
                rows = pl.read_parquet(path).to_dicts()
                found[path.parent.name, path.stem] = {row["row"]: row for row in rows}
                assert len(found[path.parent.name, path.stem]) == len(rows)
        return found

    def compare_landing(self, register: tuple[Delivery, ...]) -> None:
        scan = scan_landing(self.house.settings, self.house.codebook)
        assert {file for file, _ in scan.misplaced} == self.model.misplaced
        assert {one.file for one in scan.waiting} == self.model.waiting
        refused = [(d.feed, d.file) for d in standing_refusals(register, scan)]
        assert sorted(refused) == sorted(self.model.refused())

    def compare_files(self, register: tuple[Delivery, ...]) -> None:
        there = {p.relative_to(self.lake).as_posix() for p in self.lake.rglob("*.*")}
        named = {name for delivery in register for name in delivery.files}
        lines = {f"deliveries/{d.feed}/{d.sha256}.json" for d in register}
        assert there - {*OF_ALL} == named | lines

    @property
    def bytes(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.lake).as_posix(): path.read_bytes()
            for path in self.lake.rglob("*.*")
        }


def told(delivery: Delivery) -> tuple[object, ...]:
    rows_read = delivery.rows_read
    assert rows_read == delivery.rows_accepted + delivery.rows_quarantined
    assert delivery.reason or delivery.state == "accepted"
    return (
        *(delivery.file, delivery.received, delivery.state, dict(delivery.reasons)),
        *(rows_read, delivery.rows_accepted, delivery.rows_quarantined, delivery.rows_left_out),
    )


def expected(known: model.Taken) -> tuple[object, ...]:
    return (known.file, known.received, known.state, known.reasons, *known.counts)


def current(
    responses: dict[tuple[str, str], dict[int, dict[str, Any]]], feed: str
) -> dict[tuple[str, str], str]:
    """Grades in the lake by respondent: of the delivery that came last, then of the larger hash."""
    rows = [row for key, found in responses.items() if key[0] == feed for row in found.values()]
    newest: dict[tuple[str, str], str] = {}
    for row in sorted(rows, key=lambda row: (row["received_at"], row["delivery"])):
        (grade,) = (a["code"] for a in row["answers"] if a["question"] == "totaaloordeel")
        newest[row["organisation_code"], row["response_id"]] = grade
    return newest
