"""What the ledger keeps of releases, on a desk and a telephone with two products each."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.disclosure import ledger as ledger_module
from dagster_project.disclosure import ledger_folder
from dagster_project.disclosure.ledger import (
    CELLS_SCHEMA,
    CONTRIBUTIONS_SCHEMA,
    Ledger,
    LedgerStore,
)
from dagster_project.disclosure.rules import CELL

CHANNELS, PRODUCTS, QUARTERS = ("desk", "phone"), ("a", "b"), ("2020Q1", "2020Q2", "2021Q1")
HIERARCHIES = pa.Table.from_pylist(
    [
        {"study": "s", "dimension": dimension, "partition": dimension, "parent": p, "child": c}
        for dimension, p, children in (
            ("channel", "all", CHANNELS),
            ("product_code", "all", PRODUCTS),
            ("period", "2020", ("2020Q1", "2020Q2")),
            ("period", "2021", ("2021Q1",)),
        )
        for c in children
    ]
)
Person = tuple[str, str, str, int | None]
"""Quarter, channel, product and grade; no grade: did not answer that question."""
People = dict[int, Person]
GROUPS = {"responses": "responses", "grade": "g"}


def measures_of(person: Person) -> dict[str, int]:
    grade = person[3]
    return {"responses": 0} | ({} if grade is None else {"grade": grade})


def cells_above(person: Person) -> list[tuple[str, str, str]]:
    quarter, channel, item, _ = person
    return list(product((quarter, quarter[:4]), (channel, "all"), (item, "all")))


def fingerprint(*values: object) -> int:
    return int.from_bytes(hashlib.md5(repr(values).encode()).digest()[:7])  # noqa: S324


def cells_of(people: People, organisation: str = "o") -> pa.Table:
    """Both groups of every cell that somebody is in, all totals included."""
    found: dict[tuple[str, str, str], dict[str, list[tuple[int, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for who, person in people.items():
        for cell in cells_above(person):
            for measure in GROUPS:
                found[cell][measure] += [
                    (who, content)
                    for asked, content in measures_of(person).items()
                    if asked == measure
                ]
    rows = [
        {
            **dict(zip(CELL, ("s", organisation, *cell, "all", "all"), strict=True)),
            "disclosure_group": GROUPS[measure],
            "measure": measure,
            "kind": "count" if measure == "responses" else "mean",
            "n": len(answers),
            "weight": float(len(answers)),
            "total": float(sum(content for _, content in answers)),
            "state": sum(fingerprint(*answer) for answer in answers) % 2**63,
        }
        for cell, by_measure in found.items()
        for measure, answers in by_measure.items()
    ]
    return pa.Table.from_pylist(rows, schema=CELLS_SCHEMA)


class Asked:
    """The contributions of people, and which blocks of them were asked for."""

    def __init__(self, people: People, organisation: str = "o") -> None:
        self.blocks: list[tuple[str, str, str]] = []
        self._rows = [
            {
                "study": "s",
                "organisation_code": organisation,
                **dict(zip(("period", "channel", "product_code"), person[:3], strict=True)),
                "segment": "all",
                "segment_value": "all",
                "measure": measure,
                "respondent": who,
                "content": content,
            }
            for who, person in people.items()
            for measure, content in measures_of(person).items()
        ]

    def __call__(self, blocks: pa.Table) -> pa.Table:
        self.blocks += [tuple(row.values()) for row in blocks.to_pylist()]
        schema = pa.schema(
            [
                *(
                    (name, pa.string())
                    for name in (
                        *("study", "organisation_code", "period", "channel"),
                        *("product_code", "segment", "segment_value", "measure"),
                    )
                ),
                ("respondent", pa.int64()),
                ("content", pa.int64()),
            ]
        )
        return pa.Table.from_pylist(self._rows, schema=schema)


def pattern(cells: pa.Table, **statuses: str) -> pa.Table:
    """Publish every group of every cell, but for groups that are named: status, or status@1."""
    rows = {}
    for row in cells.select([*CELL, "disclosure_group"]).to_pylist():
        status, _, version = statuses.get(row["disclosure_group"], "published").partition("@")
        decided = {"status": status, "version": int(version) if version else None}
        rows[tuple(row.values())] = row | decided
    names = [*CELL, "disclosure_group", "status"]
    schema = pa.schema([*((name, pa.string()) for name in names), ("version", pa.int32())])
    return pa.Table.from_pylist(list(rows.values()), schema=schema)


def release(store: LedgerStore, name: str, people: People, **statuses: str) -> int:
    cells = cells_of(people)
    return store.append(
        name,
        cells,
        pattern(cells, **statuses),
        contributions=Asked(people),
        hierarchies=HIERARCHIES,
    )


def read(store: LedgerStore, people: People) -> Ledger:
    return store.read(cells_of(people), Asked(people), HIERARCHIES)


def touched(ledger: Ledger, measure: str = "grade") -> dict[tuple[int, str, str, str], int]:
    return {
        (row["version"], row["period"], row["channel"], row["product_code"]): row["touched"]
        for row in ledger.touched.to_pylist()
        if row["measure"] == measure
    }


def stored(ledger: Ledger, version: int, group: str = "g") -> dict[tuple[str, str, str], bool]:
    return {
        (row["period"], row["channel"], row["product_code"]): row["published"]
        for row in ledger.cells.to_pylist()
        if row["version"] == version and row["disclosure_group"] == group
    }


FIVE: People = {
    1: ("2020Q1", "desk", "a", 7),
    2: ("2020Q1", "desk", "a", 8),
    3: ("2020Q1", "desk", "b", 9),
    4: ("2020Q2", "phone", "a", None),
    5: ("2021Q1", "desk", "a", 6),
}


@pytest.fixture
def store(tmp_path: Path) -> LedgerStore:
    return LedgerStore(tmp_path / "ledger")


def test_knows_nothing_before_the_first_release(store: LedgerStore):
    ledger = read(store, FIVE)
    assert (ledger.cells.num_rows, ledger.touched.num_rows) == (0, 0)
    assert ledger.cells.schema == Ledger.empty().cells.schema
    assert store.released_tables() == []


def test_keeps_the_true_figures_hidden_ones_too_and_what_was_published(store: LedgerStore):
    assert release(store, "first", FIVE, g="suppressed") == 1
    ledger = read(store, FIVE)
    cells = ledger.cells.drop_columns(["version", "published"])
    assert sorted(map(str, cells.to_pylist())) == sorted(map(str, cells_of(FIVE).to_pylist()))
    assert set(stored(ledger, 1, "responses").values()) == {True}
    assert set(stored(ledger, 1, "g").values()) == {False}
    assert ledger.touched.num_rows == 0


def test_counts_who_was_added_removed_or_changed_in_every_total(store: LedgerStore):
    release(store, "first", FIVE)
    now = FIVE | {2: ("2020Q1", "desk", "a", 4), 6: ("2020Q2", "desk", "b", 8)}
    del now[3]
    found = touched(read(store, now))
    assert found == {
        (1, "2020Q1", "desk", "a"): 1,
        (1, "2020Q1", "desk", "b"): 1,
        (1, "2020Q1", "desk", "all"): 2,
        (1, "2020Q1", "all", "a"): 1,
        (1, "2020Q1", "all", "b"): 1,
        (1, "2020Q1", "all", "all"): 2,
        (1, "2020Q2", "desk", "b"): 1,
        (1, "2020Q2", "desk", "all"): 1,
        (1, "2020Q2", "all", "b"): 1,
        (1, "2020Q2", "all", "all"): 1,
        (1, "2020", "desk", "a"): 1,
        (1, "2020", "desk", "b"): 2,
        (1, "2020", "desk", "all"): 3,
        (1, "2020", "all", "a"): 1,
        (1, "2020", "all", "b"): 2,
        (1, "2020", "all", "all"): 3,
    }


def test_a_changed_grade_touches_no_count_of_respondents(store: LedgerStore):
    release(store, "first", FIVE)
    found = read(store, FIVE | {1: ("2020Q1", "desk", "a", 10)})
    assert touched(found, "responses") == {}
    assert touched(found)[1, "2020Q1", "desk", "a"] == 1


def test_who_moved_within_a_total_is_untouched_there(store: LedgerStore):
    release(store, "first", FIVE)
    found = touched(read(store, FIVE | {1: ("2020Q1", "phone", "a", 7)}))
    assert found[1, "2020Q1", "desk", "a"] == found[1, "2020Q1", "phone", "a"] == 1
    assert found[1, "2020", "desk", "all"] == 1
    assert (1, "2020Q1", "all", "a") not in found
    assert (1, "2020", "all", "all") not in found


def test_who_moved_to_another_year_is_touched_in_both(store: LedgerStore):
    release(store, "first", FIVE)
    found = touched(read(store, FIVE | {5: ("2020Q1", "desk", "a", 6)}))
    assert found[1, "2020", "all", "all"] == found[1, "2021", "all", "all"] == 1


def test_compares_with_each_of_three_versions(store: LedgerStore):
    second = FIVE | {1: ("2020Q1", "desk", "a", 1)}
    third = FIVE | {2: ("2020Q1", "desk", "a", 1)}
    for number, people in enumerate((FIVE, second, third), start=1):
        assert release(store, f"release {number}", people) == number
    leaf = ("2020Q1", "desk", "a")
    for now, expected in ((FIVE, (0, 1, 1)), (second, (1, 0, 2)), (third, (1, 2, 0))):
        found = touched(read(store, now))
        assert tuple(found.get((version, *leaf), 0) for version in (1, 2, 3)) == expected


def test_stores_only_years_of_which_something_new_is_stated(store: LedgerStore):
    release(store, "first", FIVE)
    release(store, "second", FIVE | {6: ("2021Q1", "desk", "a", 6)})
    assert {period[:4] for period, _, _ in stored(read(store, FIVE), 2)} == {"2021"}


def test_a_release_that_states_nothing_new_adds_no_cells(store: LedgerStore):
    release(store, "first", FIVE)
    assert release(store, "second", FIVE) == 2
    changed = FIVE | {1: ("2020Q1", "desk", "a", 10), 4: ("2020Q2", "phone", "a", 5)}
    assert release(store, "third", changed, g="frozen@1") == 3
    assert set(read(store, FIVE).cells["version"].to_pylist()) == {1}


def test_a_release_that_is_in_the_ledger_stays_as_it_is(store: LedgerStore, tmp_path: Path):
    release(store, "first", FIVE)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert release(store, "first", {}) == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_stays_the_same_beside_a_change_is_published_again(store: LedgerStore):
    release(store, "first", FIVE)
    release(store, "second", FIVE | {6: ("2020Q2", "phone", "b", 9)})
    again = stored(read(store, FIVE), 2)
    assert again["2020Q1", "desk", "a"]
    assert set(again.values()) == {True}


def test_a_cell_that_is_gone_is_news_once(store: LedgerStore):
    release(store, "first", FIVE, g="suppressed", responses="suppressed")
    assert read(store, FIVE).cells.num_rows == 0
    release(store, "second", FIVE, g="suppressed")
    emptied = {who: person for who, person in FIVE.items() if who != 4}
    release(store, "third", emptied, responses="frozen@2", g="frozen@2")
    release(store, "fourth", emptied, responses="frozen@2", g="frozen@2")
    assert {2, 3} == set(read(store, FIVE).cells["version"].to_pylist())
    assert ("2020Q2", "phone", "a") not in stored(read(store, FIVE), 3)


def test_finds_frozen_figures_as_they_were_released(store: LedgerStore):
    release(store, "first", FIVE)
    now = FIVE | {1: ("2020Q1", "desk", "a", 10), 6: ("2020Q2", "desk", "b", 8)}
    release(store, "second", now, g="frozen@1")
    wanted = pattern(cells_of(FIVE), responses="suppressed", g="frozen@1")
    frozen = store.frozen_figures(wanted)
    assert [*CELLS_SCHEMA.names, "version"] == frozen.column_names
    assert {row["period"]: row["total"] for row in frozen.to_pylist() if is_total(row)} == {
        "2020Q1": 24.0,
        "2020Q2": 0.0,
        "2020": 24.0,
        "2021Q1": 6.0,
        "2021": 6.0,
    }


def is_total(row: dict[str, str]) -> bool:
    return row["channel"] == row["product_code"] == "all"


def test_refuses_to_freeze_what_was_never_published(store: LedgerStore):
    release(store, "first", FIVE, g="suppressed")
    with pytest.raises(ValueError, match="frozen at a version that did not publish it"):
        store.frozen_figures(pattern(cells_of(FIVE), g="frozen@1"))


def test_asks_for_the_respondents_of_changed_years_only(store: LedgerStore):
    release(store, "first", FIVE)
    same, one_year = Asked(FIVE), Asked(FIVE | {5: ("2021Q1", "desk", "a", 1)})
    store.read(cells_of(FIVE), same, HIERARCHIES)
    store.read(cells_of(FIVE | {5: ("2021Q1", "desk", "a", 1)}), one_year, HIERARCHIES)
    assert (same.blocks, one_year.blocks) == ([], [("s", "o", "2021")])


def test_leaves_organisations_alone_that_the_ledger_does_not_know(store: LedgerStore):
    release(store, "first", FIVE)
    both = pa.concat_tables([cells_of(FIVE), cells_of(FIVE, "p")])
    other = Asked(FIVE, "p")
    assert store.read(both, other, HIERARCHIES).touched.num_rows == 0
    assert other.blocks == []


def test_a_total_keeps_a_child_that_was_dropped_since(store: LedgerStore):
    release(store, "first", FIVE)
    kept = HIERARCHIES.filter(pc.not_equal(HIERARCHIES["child"], "b"))
    now = {who: person for who, person in FIVE.items() if person[2] != "b"}
    found = touched(store.read(cells_of(now), Asked(now), kept))
    assert found[1, "2020", "all", "all"] == 1


def test_an_interrupted_append_leaves_the_ledger_as_it_was(
    store: LedgerStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    release(store, "first", FIVE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ledger_folder, "_to_disk", full)
        with pytest.raises(OSError, match="No space left"):
            release(store, "second", {})
    assert set(read(store, FIVE).cells["version"].to_pylist()) == {1}
    assert release(store, "second", FIVE | {6: ("2020Q1", "desk", "a", 1)}) == 2
    names = sorted(path.name for path in (tmp_path / "ledger").iterdir())
    assert names == ["000001-first", "000002-second"]


def publish_tables(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"told": [text]}), folder / "mart.parquet")
    return folder


def test_keeps_every_release_also_after_somebody_deletes_it(store: LedgerStore, tmp_path: Path):
    cells = cells_of(FIVE)
    for name in ("second comes first in the alphabet", "first"):
        store.append(
            name,
            cells,
            pattern(cells),
            contributions=Asked(FIVE),
            hierarchies=HIERARCHIES,
            tables=publish_tables(tmp_path / name, name),
        )
        (tmp_path / name / "mart.parquet").unlink()
    told = [pq.read_table(path)["told"][0].as_py() for path in store.released_tables()]
    assert told == ["second comes first in the alphabet", "first"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("rm 000001-first/cells.parquet", r"000001-first/cells.parquet cannot be read \(No such"),
        ("cut 000001-first/cells.parquet", "000001-first/cells.parquet is damaged"),
        ("cut 000001-first/changes.parquet", "000001-first/changes.parquet is damaged"),
        ("cut 000001-first/version.json", "000001-first/version.json is damaged"),
        ("rm 000001-first/version.json", r"000001-first/version.json cannot be read \(No such"),
        ("mv 000001-first 000001-third", "restore 000001-third from a backup"),
        ("mv 000001-first gone", "ledger lacks version 1; restore it from a backup"),
    ],
)
def test_names_the_damaged_file(store: LedgerStore, tmp_path: Path, damage: str, told: str):
    release(store, "first", FIVE)
    release(store, "second", FIVE | {6: ("2020Q1", "desk", "a", 1)})
    verb, name, *to = damage.split()
    path = tmp_path / "ledger" / name
    if verb == "rm":
        path.unlink()
    elif verb == "mv":
        path.rename(path.with_name(to[0]))
    else:
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=told) as raised:
        read(store, FIVE)
    assert "\n" not in str(raised.value)


def test_who_moves_to_another_segment_is_touched_in_both_and_in_no_total(store: LedgerStore):
    def by_size(sizes: dict[int, str]) -> tuple[pa.Table, pa.Table]:
        """Grades of 7 at the desk, in all and by size."""
        place = {"study": "s", "organisation_code": "o", "period": "2020Q1", "channel": "desk"}
        cells = Counter({("all", "all"): len(sizes)}) + Counter(
            ("size", size) for size in sizes.values()
        )
        figures = [
            {
                **place,
                "product_code": "all",
                "segment": segment,
                "segment_value": value,
                "disclosure_group": "responses",
                "measure": "responses",
                "kind": "count",
                "n": n,
                "state": sum(w for w in sizes if value in ("all", sizes[w])),
            }
            for (segment, value), n in cells.items()
        ]
        people = [
            {
                **place,
                "product_code": "all",
                "segment": segment,
                "segment_value": value,
                "measure": "responses",
                "respondent": who,
                "content": 0,
            }
            for who, size in sizes.items()
            for segment, value in (("all", "all"), ("size", size))
        ]
        return (
            pa.Table.from_pylist(figures, schema=CELLS_SCHEMA),
            pa.Table.from_pylist(people, schema=CONTRIBUTIONS_SCHEMA),
        )

    cells, people = by_size({1: "large", 2: "large", 3: "small"})
    store.append(
        "1", cells, pattern(cells), contributions=lambda _: people, hierarchies=HIERARCHIES
    )
    now, moved = by_size({1: "large", 2: "small", 3: "small", 4: "small"})
    rows = store.read(now, lambda _: moved, HIERARCHIES).touched.to_pylist()
    assert {(row["segment"], row["segment_value"]): row["touched"] for row in rows} == {
        ("all", "all"): 1,
        ("size", "large"): 1,
        ("size", "small"): 2,
    }


def test_reads_respondents_of_whole_cells_where_no_segment_was_written(
    store: LedgerStore, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as before:
        write = ledger_module.write_version

        def without_segments(
            folder: Path, number: int, name: str, tables: dict[str, pa.Table], *rest: object
        ) -> object:
            changes = tables["changes"].drop_columns(["segment", "segment_value"])
            return write(folder, number, name, tables | {"changes": changes}, *rest)

        before.setattr(ledger_module, "write_version", without_segments)
        release(store, "first", FIVE)
    late = FIVE | {6: ("2020Q1", "desk", "a", 1)}
    touched_since_first = touched(read(store, late))
    release(store, "second", late)
    assert set(touched_since_first.values()) == {1}
    assert touched_since_first[1, "2020Q1", "desk", "a"] == 1
    assert {n for (version, *_), n in touched(read(store, late)).items() if version == 1} == {1}


PEOPLE = st.dictionaries(
    st.integers(1, 9),
    st.tuples(
        st.sampled_from(QUARTERS),
        st.sampled_from(CHANNELS),
        st.sampled_from(PRODUCTS),
        st.none() | st.integers(1, 3),
    ),
)


def differing(then: People, now: People) -> dict[tuple[str, str, str], int]:
    """Count by hand who is in a cell then or now, for the grade, and not the same in both."""
    return {
        cell: count
        for cell in {
            cell for people in (then, now) for p in people.values() for cell in cells_above(p)
        }
        if (
            count := sum(
                graded_in(then.get(who), cell) != graded_in(now.get(who), cell)
                for who in {*then, *now}
            )
        )
    }


def graded_in(person: Person | None, cell: tuple[str, str, str]) -> int | None:
    return person[3] if person and cell in cells_above(person) else None


@settings(max_examples=20, deadline=None)
@given(st.lists(PEOPLE, min_size=1, max_size=4), PEOPLE)
def test_touched_is_what_counting_by_hand_gives(
    tmp_path_factory: pytest.TempPathFactory, releases: list[People], now: People
):
    store = LedgerStore(tmp_path_factory.mktemp("ledger"))
    for number, people in enumerate(releases, start=1):
        release(store, str(number), people)
    ledger = read(store, now)
    found = touched(ledger)
    for version, people in enumerate(releases, start=1):
        years = {period[:4] for period, _, _ in stored(ledger, version, "responses")}
        expected = {
            (version, *cell): count
            for cell, count in differing(people, now).items()
            if cell[0][:4] in years
        }
        assert {cell: n for cell, n in found.items() if cell[0] == version} == expected
