"""What is known of people is removed from every byte of the home, and no figure changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner
from kto import GRADES, Place, answers, holding

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.commands.main import main
from dagster_project.common import replacement
from dagster_project.common.progress import silent
from dagster_project.common.settings import PROJECT_ROOT, Keep, Settings
from dagster_project.forget import retention
from dagster_project.ingest import check_lake, ingest_feed, scan_landing
from dagster_project.ingest.pseudonym import pseudonym
from dagster_project.release.vintages import read_index, verify

KEY = b"a long secret of the tests"
BEFORE = ("forget", "--before", "2021-01-01")
MARK = "PLANTED"
STILL = "still holds it; remove it there, or have its owner do so"
FROM_NOW_ON = "its answers stay, and what comes for it from now on is left out"


@pytest.fixture(autouse=True, scope="module")
def key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KTO_PSEUDONYM_KEY", KEY.decode())
        yield


def respondents(quarter: int, numbers: range, mark: str, *, grade: int, year: int) -> pl.DataFrame:
    """Answers with an invitation and a remark each; ids and remarks begin with a mark."""
    return answers(quarter, *numbers, grade=grade, year=year).with_columns(
        respons_id=pl.concat_str(pl.lit(f"{mark}-"), "respons_id"),
        uitnodiging_id=pl.concat_str(pl.lit(f"{mark}-inv-"), "respons_id"),
        toelichting=pl.concat_str(pl.lit(f"{mark} text of "), "respons_id"),
    )


def invited(frame: pl.DataFrame, sent: str) -> pl.DataFrame:
    return frame.select(
        "uitnodiging_id",
        "gemeentecode",
        "product",
        batch_id=pl.concat_str(pl.lit("batch-of-"), "uitnodiging_id"),
        kanaal=pl.lit("counter"),
        methode=pl.lit("applicatie"),
        verzonden_op=pl.lit(sent),
        email=pl.concat_str("respons_id", pl.lit("@example.org")),
        status=pl.lit("bezorgd"),
    )


OLD = respondents(4, range(20), MARK, grade=8, year=2020)
NEW = respondents(1, range(50, 62), "kept", grade=7, year=2021)
# the last of the new ones was invited two days before the new year
STRADDLING = NEW.tail(1).with_columns(uitnodiging_id=pl.lit(f"{MARK}-inv-straddling"))
NEW = pl.concat([NEW.head(11), STRADDLING])
# one invitation answered twice at the same time: the smaller id counts
TWICE = OLD.head(1).with_columns(respons_id=pl.lit(f"{MARK}-zz"), totaaloordeel=pl.lit("1"))
BAD = OLD.tail(1).with_columns(respons_id=pl.lit(f"{MARK}-bad"), totaaloordeel=pl.lit("77"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two quarters that are in the preview, and not published."""
    place = Place(tmp_path_factory.mktemp("forget") / "first")
    place.land("counter", "2021-01-05.csv", pl.concat([OLD, TWICE, BAD]))
    place.land("counter", "2021-04-05.csv", NEW)
    place.land("invitations", "2021-01-04.csv", invited(OLD, "2020-10-05"))
    place.land(
        "invitations",
        "2021-04-04.csv",
        pl.concat([invited(NEW.head(11), "2021-01-05"), invited(STRADDLING, "2020-12-30")]),
    )
    place.told("refresh", "--preview")
    return place


@pytest.fixture(scope="module")
def published(first: Place) -> Place:
    """The same after the older quarter was forgotten and both were published."""
    place = copied(first, "published")
    place.told(*BEFORE, "--yes")
    place.told("refresh")
    return place


def copied(place: Place, name: str) -> Place:
    made = Place(place.folder.parent / name)
    shutil.copytree(place.folder, made.folder, symlinks=True)
    return made


def settings_of(place: Place) -> Settings:
    return Settings(PROJECT_ROOT, place.landing, place.home, KEY)


def secrets() -> set[str]:
    """All that leads to the respondents of the older quarter."""
    ids = [*OLD["respons_id"], *OLD["uitnodiging_id"], f"{MARK}-zz", f"{MARK}-bad"]
    addresses = [f"{one}@example.org" for one in (*OLD["respons_id"], *STRADDLING["respons_id"])]
    return {
        MARK,
        *(sha256(one.encode()).hexdigest() for one in ids),
        *(pseudonym(address, KEY) for address in addresses),
    }


def marts(place: Place, folder: str) -> dict[str, list[dict[str, Any]]]:
    return {
        file.stem: pl.read_parquet(file).to_dicts()
        for file in sorted((place.home / folder / "parquet").glob("*"))
        if file.stem != "mart_release"
    }


def test_it_is_shown_before_it_is_done(first: Place):
    assert holding(first.home, secrets()) == {"lake", "warehouse.duckdb"}
    before = {path: path.read_bytes() for path in first.home.rglob("*") if path.is_file()}
    said = first.told(*BEFORE)
    # the one invited before the new year and answering after it keeps his answer
    assert said == [
        "would remove  counter       21 responses, 1 row in quarantine, 21 texts",
        "would remove  invitations   21 invitations, 21 pseudonyms",
        f"not published nvvb 2020Q4: GM0637; {FROM_NOW_ON}",
        f"landing       counter/2021-01-05.csv {STILL}",
        f"landing       counter/2021-04-05.csv {STILL}",
        f"landing       invitations/2021-01-04.csv {STILL}",
        f"landing       invitations/2021-04-04.csv {STILL}",
        "nothing was removed; the same command with --yes removes it",
    ]
    assert before == {path: path.read_bytes() for path in first.home.rglob("*") if path.is_file()}


def test_nothing_of_it_is_left_and_every_figure_is_the_same(first: Place, published: Place):
    assert holding(published.home, secrets()) == set()
    preview = marts(first, "preview")
    assert marts(published, "published/current") == preview
    assert published.query(GRADES) == [("2020Q4", 20, 8.0), ("2021Q1", 12, 7.0)]
    # the answer to an invitation of the older quarter is still matched with it
    funnel = published.query(
        "select period, invited, responses, responses_invited from marts.mart_response "
        "where channel = 'counter' and product_code = 'all' order by period"
    )
    assert funnel == [("2020Q4", 21, 20, 21), ("2021Q1", 11, 12, 11)]
    kept = pl.read_parquet(published.home / "lake" / "restricted" / "counter" / "*.parquet")
    assert sorted(kept["text"]) == sorted(NEW["toelichting"])


def test_what_was_published_stays_and_late_rows_of_it_are_left_out(published: Place):
    place = copied(published, "later")
    before = marts(place, "published/current")
    release = place.manifest["release"]
    contributions = read_kept(place, "int_contributions")
    assert "12 texts" in place.told("forget", "--before", "2021-04-01", "--yes")[0]
    assert holding(place.home, {MARK, "kept-"}) == set()
    assert not set(read_kept(place, "int_contributions")) & set(contributions)
    # a correction of a forgotten answer, and a new one
    place.land("counter", "2021-05-01.csv", respondents(4, range(19, 31), MARK, grade=1, year=2020))
    said = place.told("refresh")
    assert f"release      nothing changed: {release} stays" in said
    assert marts(place, "published/current") == before
    assert holding(place.home, {MARK, "kept-"}) == set()
    (late,) = [one for one in place.status()["deliveries"] if "05-01" in one["file"]]
    assert (late["rows_read"], late["rows_left_out"]) == (0, 12)
    assert late["reason"] == (
        "12 rows are of before 2021-04-01, of which nothing is kept any more; they are left out"
    )


def read_kept(place: Place, model: str) -> list[int]:
    files = sorted(place.home.glob(f"vintages/2*/{model}.parquet"))
    rows = pl.concat([pl.read_parquet(file) for file in files])
    return rows.filter(pl.col("period") == "2021Q1")["respondent"].to_list()


def test_who_is_in_a_vintage_is_still_found_in_the_lake(published: Place):
    """Were they taken for others, the whole period would seem to have changed."""
    place = copied(published, "revised")
    place.told("forget", "--before", "2021-04-01", "--yes")
    index = read_index(settings_of(place))
    verify(settings_of(place), index)
    lake = pl.read_parquet(place.home / "lake" / "responses" / "counter" / "*.parquet")
    fingerprints = duckdb.sql(
        "select cast(md5_number_lower(concat_ws('|', study, organisation_code, feed, response_id))"
        " // 2 as bigint) as respondent from lake"
    ).fetchall()
    of_answers = {one for (one,) in fingerprints}
    kept = pl.concat(
        [pl.read_parquet(f) for f in place.home.glob("vintages/2*/int_contributions.parquet")]
    ).filter(pl.col("measure") == "totaaloordeel")
    assert lake.height == 33
    assert set(kept["respondent"]) <= of_answers
    assert kept["respondent"].n_unique() == 32


@pytest.mark.parametrize("stage", ["first", "published"])
def test_a_kill_at_any_replacement_leaves_the_old_or_the_new_state(
    stage: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    base: Place = request.getfixturevalue(stage)
    day = "2021-01-01" if stage == "first" else "2021-04-01"
    words = secrets() if stage == "first" else {MARK, "kept-"}
    moved = os.replace
    steps = 0
    while True:
        place = copied(base, f"killed-{stage}-{steps}")
        shutil.rmtree(place.home / "dagster")
        (place.home / "warehouse.duckdb").unlink()
        left = [steps]

        def replace_until(source: Path, target: Path, left: list[int] = left) -> None:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            moved(source, target)

        before = {p: p.read_bytes() for p in (place.home / "lake").rglob("*") if p.is_file()}
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", replace_until)
            done = place.kto("forget", "--before", day, "--yes")
        killed = done.exit_code == 130
        if killed and not replacement.is_unfinished(place.home):
            after = {p: p.read_bytes() for p in (place.home / "lake").rglob("*") if p.is_file()}
            assert after == before
        if killed:
            place.told("forget", "--before", day, "--yes")
        settings = settings_of(place)
        check_lake(settings.lake)
        verify(settings, read_index(settings))
        assert holding(place.home, words) == set()
        shutil.rmtree(place.folder)
        if not killed:
            break
        steps += 1
    assert steps > 7


def told_on_input(place: Place, *words: str, typed: str) -> str:
    environment = {"KTO_HOME": str(place.home), "KTO_LANDING": str(place.landing)}
    done = CliRunner().invoke(main, words, input=typed, env=environment)
    assert done.exit_code == 0, done.output
    return done.output


def test_one_respondent_is_forgotten_by_address(first: Place):
    place = copied(first, "address")
    address = " PLANTED-R3@Example.org\n"
    said = told_on_input(place, "forget", "--respondent", "-", "--yes", typed=address)
    assert said.splitlines()[:2] == [
        "removed       counter       1 response, 1 text",
        "removed       invitations   1 invitation, 1 pseudonym",
    ]
    assert "r3" not in said.lower()
    words = {"PLANTED-r3", "inv-r3", "text of r3", pseudonym(address, KEY)}
    assert holding(place.home, words) == set()
    texts = pl.read_parquet(place.home / "lake" / "restricted" / "counter" / "*.parquet")
    assert texts.height == 33 - 1
    again = told_on_input(place, "forget", "--respondent", "-", "--yes", typed=address)
    assert again.splitlines()[0] == "nothing is known of this respondent"


@pytest.mark.parametrize(
    ("feed", "number"), [("counter", f"{MARK}-r3"), ("invitations", f"{MARK}-inv-r3")]
)
def test_one_respondent_is_forgotten_by_id(first: Place, feed: str, number: str):
    place = copied(first, f"id-{feed}")
    said = place.told("forget", "--respondent", number, "--feed", feed, "--yes")
    assert said[:2] == [
        "removed       counter       1 response, 1 text",
        "removed       invitations   1 invitation, 1 pseudonym",
    ]
    assert holding(place.home, {"PLANTED-r3", "inv-r3", "text of r3"}) == set()


def test_a_bad_row_is_forgotten_by_its_id(first: Place):
    place = copied(first, "bad")
    said = place.told("forget", "--respondent", f"{MARK}-bad", "--feed", "counter", "--yes")
    assert said[0] == "removed       counter       1 row in quarantine"
    assert holding(place.home, {f"{MARK}-bad", sha256(f"{MARK}-bad".encode()).hexdigest()}) == set()
    (row,) = place.status()["samples"]
    assert row["detail"] == "out_of_range"


def test_what_is_forgotten_is_never_read_again(first: Place, monkeypatch: pytest.MonkeyPatch):
    place = copied(first, "again")
    place.told("forget", "--respondent", f"{MARK}-r3", "--feed", "counter", "--yes")
    settings = settings_of(place)
    codebook = load_codebook(*settings.codebook)
    monkeypatch.setattr(Codebook, "fingerprint_of", lambda *_: "another codebook")
    states = {one.file: one.state for one in scan_landing(settings, codebook).deliveries}
    assert states == {
        "counter/2021-01-05.csv": "seen",
        "counter/2021-04-05.csv": "stale",
        "invitations/2021-01-04.csv": "seen",
        "invitations/2021-04-04.csv": "stale",
    }
    shutil.rmtree(place.home / "lake" / "responses" / "counter")
    assert "so that is not read again" in place.refused("refresh")


def test_another_key_begins_without_the_old_pseudonyms(
    first: Place, monkeypatch: pytest.MonkeyPatch
):
    place = copied(first, "key")
    place.told("forget", "--respondent", f"{MARK}-r3", "--feed", "counter", "--yes")
    assert "is the key that is in use" in place.refused("rotate-key", "--yes")
    monkeypatch.setenv("KTO_PSEUDONYM_KEY", "too short")
    assert "shorter than 16 bytes" in place.refused("rotate-key", "--yes")
    other = b"another secret of the tests"
    monkeypatch.setenv("KTO_PSEUDONYM_KEY", other.decode())
    # 19 are in a file of which something was forgotten, 12 in another
    assert place.told("rotate-key", "--yes") == [
        "dropped       invitations   31 pseudonyms",
        "made anew     12 of 31, by the next refresh",
        "the new key is in use",
    ]
    old = {pseudonym(f"{one}@example.org", KEY) for one in (*OLD["respons_id"], *NEW["respons_id"])}
    assert holding(place.home, old) == set()
    settings = replace(settings_of(place), pseudonym_key=other)
    codebook = load_codebook(*settings.codebook)
    ingest_feed(settings, codebook, "invitations", silent, datetime.now(UTC))
    stored = pl.read_parquet(place.home / "lake" / "invitations" / "invitations" / "*.parquet")
    made = {pseudonym(f"{one}@example.org", other) for one in NEW["respons_id"]}
    assert set(stored["email_pseudonym"].drop_nulls()) == made


def test_what_was_made_goes_when_it_is_as_old_as_was_said(published: Place):
    place = copied(published, "old")
    settings = replace(settings_of(place), keep=Keep(releases=30, history=30, preview=30))
    old = place.home / "published" / "releases" / "20200101T000000Z-00000000"
    old.mkdir()
    now = datetime.now(UTC)
    assert [one.name for one in retention.apply(settings, now, yes=False)] == [old.name]
    assert old.is_dir()
    assert place.told("forget", "--retention") == [
        "everything is kept: none of KTO_KEEP_..._DAYS is set"
    ]
    gone = retention.apply(settings, now + timedelta(days=31), yes=True)
    assert [one.what for one in gone] == ["release", "history", "preview"]
    assert not old.exists()
    assert not (place.home / "preview").is_symlink()
    runs = [path.stem for path in (place.home / "dagster" / "history" / "runs").glob("*.db")]
    assert runs == ["index"]
    assert place.query(GRADES) == [("2020Q4", 20, 8.0), ("2021Q1", 12, 7.0)]
    assert retention.apply(settings, now + timedelta(days=31), yes=True) == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--before", "2999-01-01"), "is in the future"),
        (("--respondent", "x", "--feed", "desk"), "desk is no feed; --feed is one of"),
    ],
)
def test_what_cannot_be_is_refused(first: Place, words: tuple[str, ...], said: str):
    assert said in first.refused("forget", *words)


@pytest.mark.parametrize(
    "words", [(), ("--retention", "--before", "2020-01-01"), ("--respondent", "x")]
)
def test_wrong_usage(first: Place, words: tuple[str, ...]):
    assert first.kto("forget", *words).exit_code == 2
