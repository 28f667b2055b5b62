"""Rows of an installation's own, in a folder beside the shipped files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from tiny_codebook import Seeds

from dagster_project.codebook import load_codebook, read_codebook, told_apart
from dagster_project.codebook.tables import TABLES
from dagster_project.codebook.typed import typed_tables
from dagster_project.common.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "codebook.md").read_text(encoding="utf-8")
PRODUCTS = "study,product_code,label_nl,label_en,upl_name,upl_uri"
BANDS = "study,metric,lower,upper,points"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of one's own without any file."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def problems(tiny: Seeds, own: Path) -> list[str]:
    """Every problem; the folder of one's own, of which messages say the whole path, as `OWN`."""
    found = read_codebook(tiny.folder, own)[1]
    return [str(problem).replace(str(own), "OWN") for problem in found]


def test_an_empty_folder_changes_nothing(tiny: Seeds, own: Path) -> None:
    shipped, both = load_codebook(tiny.folder), load_codebook(tiny.folder, own)
    assert vars(both) == vars(shipped)


def test_a_row_with_a_new_key_is_added_at_the_end(tiny: Seeds, own: Path) -> None:
    write(own, "products.csv", PRODUCTS, "desk,visa,Visum,Visa,,")
    codes = [product.product_code for product in load_codebook(tiny.folder, own).products]
    assert codes == ["pass", "B", "visa"]


@pytest.mark.parametrize("key", ["desk,pass", "desk,PASS"], ids=["as it is", "in capitals"])
def test_a_row_with_a_known_key_takes_the_place_of_that_row(
    tiny: Seeds, own: Path, key: str
) -> None:
    write(own, "products.csv", PRODUCTS, f"{key},Reisdocument,Travel document,,")
    products = load_codebook(tiny.folder, own).products
    found = [(product.label_nl, product.upl_name) for product in products]
    assert found == [("Reisdocument", None), ("Bouwen", None)]


def test_a_number_in_a_key_may_be_written_otherwise(tiny: Seeds, own: Path) -> None:
    write(own, "metric_bands.csv", BANDS, "desk,ease,1.0,1,50")
    bands = load_codebook(tiny.folder, own).bands_of("desk", "ease")
    assert [(band.lower, band.points) for band in bands] == [(1, 50), (2.5, -100)]


def test_a_whole_study_may_stand_there_alone(tiny: Seeds, own: Path) -> None:
    """`port` is taken out of the shipped files and put into files of its own."""
    whole = load_codebook(tiny.folder)
    for path in sorted(tiny.folder.glob("*.csv")):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        ours = [row for row in rows if row.startswith(("port", "P1,"))]
        write(tiny.folder, path.name, header, *(row for row in rows if row not in ours))
        if ours:
            write(own, path.name, header, *ours)
    both = load_codebook(tiny.folder, own)
    assert {name: set(rows) for name, rows in vars(both).items()} == {
        name: set(rows) for name, rows in vars(whole).items()
    }


def test_a_broken_row_is_named_in_the_file_in_which_it_stands(tiny: Seeds, own: Path) -> None:
    tiny.set("products", 3, "label_en", "")
    write(own, "products.csv", PRODUCTS, "desk,visa,Visum,Visa,,", "desk,a b,Anders,Other,,")
    assert problems(tiny, own) == [
        "seeds/products.csv row 3 column label_en: the cell is blank; fill it in",
        (
            "OWN/products.csv row 3 column product_code: 'a b' is not a code; use letters, digits, "
            "underscores and hyphens"
        ),
    ]


def test_a_rule_between_two_rows_names_both_files(tiny: Seeds, own: Path) -> None:
    header = "feed,field,header,required,format,scale"
    write(own, "columns.csv", header, "desk_walk_in,contact_date,visited,true,%d-%m-%Y,")
    assert problems(tiny, own) == [
        (
            "OWN/columns.csv row 2 column format: differs from row 4 of seeds/columns.csv, another "
            "header of 'contact_date'; make them the same"
        )
    ]


def test_a_reference_that_leads_nowhere_is_named_there(tiny: Seeds, own: Path) -> None:
    write(own, "products.csv", PRODUCTS, "dsk,visa,Visum,Visa,,")
    assert problems(tiny, own) == [
        (
            "OWN/products.csv row 2 column study: 'dsk' is not in studies.csv; correct it or add "
            "it there"
        )
    ]


def test_a_row_that_is_there_twice_is_named(tiny: Seeds, own: Path) -> None:
    write(own, "products.csv", PRODUCTS, *(2 * ["desk,visa,Visum,Visa,,"]))
    assert problems(tiny, own) == [
        (
            "OWN/products.csv row 3 column product_code: study 'desk', product_code 'visa' repeats "
            "row 2; keep one of the two"
        )
    ]


def test_a_file_of_another_name_is_named_in_one_line(tiny: Seeds, own: Path) -> None:
    write(own, "Products.csv", PRODUCTS)
    (line,) = problems(tiny, own)
    assert line.startswith("OWN/Products.csv: the codebook has no such file; use only studies.")


def test_notes_and_hidden_files_may_lie_beside_them(tiny: Seeds, own: Path) -> None:
    write(own, "README.md", "Ours.")
    (own / ".git").mkdir()
    assert problems(tiny, own) == []


def test_a_folder_that_is_not_there_is_named_in_one_line(tiny: Seeds, own: Path) -> None:
    own.rmdir()
    assert problems(tiny, own) == ["OWN: there is no such folder; make it, or name another"]


def test_a_column_of_another_name_is_named(tiny: Seeds, own: Path) -> None:
    write(own, "products.csv", f"{PRODUCTS},colour", "desk,visa,Visum,Visa,,,red")
    (line,) = problems(tiny, own)
    assert line.startswith("OWN/products.csv row 1 column colour: the column is unknown; use")


def test_a_column_that_may_be_blank_may_be_left_out(tiny: Seeds, own: Path) -> None:
    write(own, "products.csv", "product_code,study,label_nl,label_en", "visa,desk,Visum,Visa")
    assert load_codebook(tiny.folder, own).products[2].upl_name is None
    write(own, "products.csv", "product_code,study,label_nl", "visa,desk,Visum")
    assert problems(tiny, own) == [
        (
            "OWN/products.csv row 1 column label_en: the column is missing; add it to the header "
            "and to every row"
        )
    ]


def test_what_is_judged_by_it_has_another_fingerprint(tiny: Seeds, own: Path) -> None:
    feeds = ("desk_walk_in", "desk_sent", "port_2016")
    before = [load_codebook(tiny.folder).fingerprint_of(feed) for feed in feeds]
    write(own, "products.csv", PRODUCTS, "desk,pass,Reisdocument,Travel document,,")
    relabelled = load_codebook(tiny.folder, own)
    assert [relabelled.fingerprint_of(feed) for feed in feeds] == before
    write(own, "products.csv", PRODUCTS, "desk,visa,Visum,Visa,,")
    more = load_codebook(tiny.folder, own)
    changed = [more.fingerprint_of(feed) != old for feed, old in zip(feeds, before, strict=True)]
    assert changed == [True, True, False]


def test_tells_how_many_rows_a_file_adds_and_how_many_it_replaces(tiny: Seeds, own: Path) -> None:
    write(own, "products.csv", PRODUCTS, "desk,pass,A,A,,", "desk,B,B,B,,", "desk,visa,C,C,,")
    write(own, "waves.csv", "study,period,fieldwork_ended_on", "port,2018,2018-12-11")
    found = told_apart(load_codebook(tiny.folder), load_codebook(tiny.folder, own))
    assert [(one.file, one.added, one.replaced) for one in found] == [
        (f"{own}/waves.csv", 1, 0),
        (f"{own}/products.csv", 1, 2),
    ]


def test_the_models_read_typed_rows_in_their_order(tiny: Seeds, own: Path) -> None:
    write(own, "waves.csv", "study,period,fieldwork_ended_on", "port,2018,2018-12-11")
    tables = dict(typed_tables(load_codebook(tiny.folder, own)))
    assert tables["waves"].to_pylist() == [
        {
            "study": "port",
            "period": period,
            "fieldwork_ended_on": date(int(period), 12, 11),
            "sort_order": place,
        }
        for place, period in enumerate(("2016", "2018"), start=1)
    ]
    types = {field.name: field.type for field in tables["metrics"].schema}
    assert types["decimals"] == types["min_items"] == pa.int32()
    assert types["higher_is_better"] == pa.bool_()
    assert types["new_series_from"] == pa.date32()
    assert tables["metric_bands"].schema.field("points").type == pa.float64()
    # a file without rows has its columns and their types all the same
    assert tables["constants"].schema.names == ["feed", "field", "value", "sort_order"]


def test_the_page_names_the_key_of_every_file() -> None:
    named = dict(re.findall(r"^\| `(\w+\.csv)` \| (`[a-z_`, ]+`) \|$", PAGE, re.MULTILINE))
    assert named == {table.file: ", ".join(f"`{name}`" for name in table.key) for table in TABLES}


def test_the_example_on_the_page_adds_a_product_and_replaces_another(own: Path) -> None:
    (lines,) = re.findall(r"^```csv /srv/\S+/products\.csv\n([^`]+)```$", PAGE, re.MULTILINE)
    write(own, "products.csv", lines.strip())
    seeds = PROJECT_ROOT / "seeds"
    (found,) = told_apart(load_codebook(seeds), load_codebook(seeds, own))
    assert (found.added, found.replaced) == (1, 1)
