"""Only what lies under the landing is read: links that lead out of it are not followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.commands.report import outcome_lines
from dagster_project.ingest import scan_landing
from dagster_project.orchestration.pipeline import refresh
from dagster_project.release.holds import holds_of
from dagster_project.release.states import STATES

CONTENT = csv_of([GOOD])
OUT = (
    "is a link that leads out of the landing and is not followed; put what it leads to in its "
    "place, or delete it"
)
ITSELF = "is a link that leads to itself; delete it"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder beside the landing with a file that would be a delivery."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "a.csv").write_text(csv_of([GOOD | {"respons_id": "not ours"}]))
    return folder


def link(house: House, name: str, target: Path | str) -> Path:
    path = house.settings.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def astray(house: House) -> dict[str, str]:
    """What is not followed; each of it is also listed as ignored, once."""
    scan = scan_landing(house.settings, house.codebook)
    assert set(scan.astray) <= set(scan.ignored)
    assert len(scan.ignored) == len(dict(scan.ignored))
    return dict(scan.astray)


def read(house: House) -> list[str]:
    """Ids that are taken in, and that nothing else was."""
    result = house.ingest()
    assert {delivery.state for delivery in result.deliveries} <= {"accepted"}
    return [row["response_id"] for row in house.rows("responses")]


def test_a_link_to_a_file_outside_is_not_followed(house: House, elsewhere: Path):
    house.land("counter/good.csv", CONTENT)
    link(house, "counter/out.csv", elsewhere / "a.csv")
    link(house, "counter/relative.csv", "../../elsewhere/a.csv")
    link(house, "counter/secret.csv", "/proc/self/environ")
    link(house, "counter/nothing.csv", "/no/such/file")

    assert astray(house) == dict.fromkeys(
        [f"counter/{name}.csv" for name in ("nothing", "out", "relative", "secret")], OUT
    )
    assert read(house) == ["1"]


def test_a_chain_of_links_is_judged_by_its_end(house: House, elsewhere: Path):
    house.land("counter/good.csv", CONTENT)
    link(house, "counter/2.csv", elsewhere / "a.csv")
    link(house, "counter/1.csv", "2.csv")
    (elsewhere / "back.csv").symlink_to(house.settings.landing / "counter" / "good.csv")
    link(house, "counter/there and back.csv", elsewhere / "back.csv")

    assert astray(house) == {"counter/1.csv": OUT, "counter/2.csv": OUT}
    assert read(house) == ["1"]


def test_links_that_lead_to_themselves_are_not_followed(house: House):
    house.land("counter/good.csv", CONTENT)
    link(house, "counter/self.csv", "self.csv")
    link(house, "counter/one.csv", "two.csv")
    link(house, "counter/two.csv", "one.csv")

    assert astray(house) == dict.fromkeys(
        ["counter/one.csv", "counter/self.csv", "counter/two.csv"], ITSELF
    )
    assert read(house) == ["1"]


@pytest.mark.parametrize("name", ["counter", "counter/2021", "counter/a/b/c", "archive"])
def test_a_folder_is_not_walked_through_a_link_that_leads_out(
    house: House, elsewhere: Path, name: str
):
    house.land("counters/good.csv", CONTENT)
    link(house, name, elsewhere)

    assert astray(house) == {name: OUT}
    assert read(house) == []


def test_a_folder_is_not_walked_through_a_link_that_stays_inside(house: House):
    house.land("counter/2021/good.csv", CONTENT)
    house.land("counter/2021/more.csv.part", CONTENT)
    link(house, "counter/again", house.settings.landing / "counter")
    link(house, "counter/2022", "2021")
    link(house, "digital", "counter")

    scan = scan_landing(house.settings, house.codebook)

    assert {landed.file: landed.state for landed in scan.deliveries} == {
        "counter/2021/good.csv": "new",
        "counter/2021/more.csv.part": "waiting",
    }
    assert dict(scan.ignored) == dict.fromkeys(
        ["counter/2022", "counter/again", "digital"],
        "is a link to a folder; its files are taken in where they lie",
    )
    assert scan.astray == ()


def test_a_link_to_a_file_inside_is_as_good_as_the_file(house: House):
    house.land("store/good.csv", CONTENT)
    link(house, "counter/20210105.csv", "../store/good.csv")

    assert astray(house) == {}
    assert read(house) == ["1"]


def test_a_landing_that_is_a_link_is_the_landing(house: House, elsewhere: Path):
    house.settings.landing.rmdir()
    house.settings.landing.symlink_to(elsewhere)
    (elsewhere / "counter").mkdir()
    (elsewhere / "a.csv").rename(elsewhere / "counter" / "a.csv")
    link(house, "counter/b.csv", "a.csv")

    assert astray(house) == {}
    assert read(house) == ["not ours"]


def test_a_link_that_is_not_followed_holds_the_study_of_its_feed(house: House, elsewhere: Path):
    link(house, "counter/out.csv", elsewhere / "a.csv")
    link(house, "archive", elsewhere)

    held = holds_of(house.settings, house.codebook, STATES.to_frame())

    assert held.select("study", "why").rows() == [("nvvb", f"counter/out.csv {OUT}")]


def test_a_refresh_names_each_link_once_and_says_what_to_do(house: House, elsewhere: Path):
    link(house, "counter/out.csv", elsewhere / "a.csv")
    link(house, "digital", elsewhere)

    outcome = refresh(house.settings)

    lines = list(outcome_lines(house.settings, outcome))
    assert lines[1:] == [f"ignored      counter/out.csv {OUT}", f"ignored      digital {OUT}"]
