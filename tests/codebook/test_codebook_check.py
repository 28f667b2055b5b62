# ruff: noqa: E501 -- every line that a user sees is quoted whole
"""Each cell that cannot be read, each reference that leads nowhere and each file that is unfit is told
in one exact line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_codebook import Seeds

from dagster_project.codebook import CodebookError, load_codebook
from dagster_project.commands.look import describe

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def test_the_project_s_own_codebook_has_no_problem():
    load_codebook(SEEDS)


def test_a_codebook_without_faults_has_no_problem(tiny: Seeds):
    assert tiny.problems() == []


CELLS = [
    (
        "set studies 2 study Desk!",
        "'Desk!' is not an id; use lower-case letters, digits, underscores",
    ),
    ("set studies 2 timing month", "'month' is not known; use quarter or wave"),
    ("set studies 2 min_n 0", "0 is too low; use 1 or more"),
    ("set studies 2 min_n ten", "'ten' is not a whole number; write digits only, such as 1"),
    ("set studies 2 starts_on 01-01-2020", "'01-01-2020' is not a day; write it as yyyy-mm-dd"),
    (
        "set studies 2 starts_on 2021-02-29",
        "'2021-02-29' is not a day of the calendar; write it as yyyy-mm-dd",
    ),
    ("set studies 2 max_bad_rows_pct 120", "120 is too high; use 100 or less"),
    (
        "set studies 2 max_bad_rows_pct 2,5",
        "'2,5' is not a number; write digits with a decimal point, such as 7.5",
    ),
    ("set studies 2 release_day 0", "0 is too low; use 1 or more"),
    ("set studies 2 release_day 29", "29 is too high; use 28 or less"),
    ("set studies 2 hold_bad_rows_pct 101", "101 is too high; use 100 or less"),
    ("set studies 2 max_revisions -1", "-1 is too low; use 0 or more"),
    ("set waves 2 period 2016Q1", "'2016Q1' is not a year; write it in four digits"),
    ("set waves 2 period", "the cell is blank; fill it in"),
    (
        "set waves 2 fieldwork_ended_on 2016-11-31",
        "'2016-11-31' is not a day of the calendar; write it as yyyy-mm-dd",
    ),
    ("set waves 2 fieldwork_ended_on", "the cell is blank; write it as yyyy-mm-dd"),
    ("set studies 2 population", "the cell is blank; use invited or unknown"),
    ("set studies 2 label_nl", "the cell is blank; fill it in"),
    (
        "set studies 2 benchmark_method median",
        "'median' is not known; use mean_of_others or pooled",
    ),
    (
        "set studies 2 benchmark_among neighbours",
        "'neighbours' is not known; use all or size_class",
    ),
    ("set feeds 2 kind answers", "'answers' is not known; use responses or invitations"),
    ("set feeds 2 period_source file", "'file' is not known; use date or constant or year"),
    ("set columns 2 required yes", "'yes' is not a yes or no; write true or false"),
    ("set columns 2 header  id", "' id' has blanks around it; remove them"),
    (
        "set scales 2 kind grade",
        "'grade' is not known; use number or code or multiple or no_answer",
    ),
    (
        "set metrics 2 family median",
        "'median' is not known; use mean or net or share or composite or distribution",
    ),
    ("set metrics 2 unit euro", "'euro' is not known; use grade or scale or percent or points"),
    ("set metrics 2 base all", "'all' is not known; use answered or asked"),
    ("set metrics 2 higher_is_better", "the cell is blank; write true or false"),
    ("set metric_bands 4 points 101", "101 is too high; use 100 or less"),
    ("set metric_bands 4 points -101", "-101 is too low; use -100 or more"),
    ("set publication_rules 2 min_response_rate 101", "101 is too high; use 100 or less"),
    ("set publication_rules 2 min_answers 0", "0 is too low; use 1 or more"),
    ("set publication_rules 2 always_published", "the cell is blank; write true or false"),
    (
        "set products 2 product_code pass port",
        "'pass port' is not a code; use letters, digits, underscores and hyphens",
    ),
    ("set products 2 product_code ALL", "'ALL' is reserved for totals; choose another"),
]


@pytest.mark.parametrize(("change", "message"), CELLS, ids=[change for change, _ in CELLS])
def test_names_the_cell_that_is_wrong(tiny: Seeds, change: str, message: str):
    tiny.apply(change)
    _, name, row, column, *_ = change.split(" ")
    assert f"seeds/{name}.csv row {row} column {column}: {message}" in tiny.problems()


def test_a_cell_that_cannot_be_read_is_the_only_problem_it_makes(tiny: Seeds):
    tiny.set("metrics", 2, "family", "median")
    assert len(tiny.problems()) == 1


REFERENCES = [
    ("set feeds 4 study x", "'x' is not in studies.csv; correct it or add it there"),
    (
        "set feeds 2 channel mail",
        "'mail' of study 'desk' is not in channels.csv; correct it or add it there",
    ),
    (
        "set feeds 4 organisation_code P2",
        "'P2' is not in organisations.csv; correct it or add it there",
    ),
    (
        "set columns 19 feed port_2017",
        "'port_2017' is not in feeds.csv; correct it or add it there",
    ),
    ("set columns 15 scale x", "'x' is not in scales.csv; correct it or add it there"),
    ("set questions 2 scale x", "'x' is not in scales.csv; correct it or add it there"),
    ("set scales 2 no_answer x", "'x' is not in scales.csv; correct it or add it there"),
    ("set scale_values 2 scale x", "'x' is not in scales.csv; correct it or add it there"),
    ("set metrics 9 study x", "'x' is not in studies.csv; correct it or add it there"),
    (
        "set metric_questions 2 question x",
        "'x' of study 'desk' is not in questions.csv; correct it or add it there",
    ),
    (
        "set metric_questions 2 metric x",
        "'x' of study 'desk' is not in metrics.csv; correct it or add it there",
    ),
    (
        "set metric_bands 2 metric x",
        "'x' of study 'desk' is not in metrics.csv; correct it or add it there",
    ),
    ("set publication_rules 2 study x", "'x' is not in studies.csv; correct it or add it there"),
    (
        "set publication_rules 2 judged_metric x",
        "'x' of study 'desk' is not in metrics.csv; correct it or add it there",
    ),
    (
        "set publication_rules 2 second_judgement_metric x",
        "'x' of study 'desk' is not in metrics.csv; correct it or add it there",
    ),
    (
        "set organisation_mergers 2 from_code TN03",
        "'TN03' is not in organisations.csv; correct it or add it there",
    ),
    (
        "set organisation_mergers 2 to_code TN03",
        "'TN03' is not in organisations.csv; correct it or add it there",
    ),
    ("set channels 2 study x", "'x' is not in studies.csv; correct it or add it there"),
    ("set products 2 study x", "'x' is not in studies.csv; correct it or add it there"),
]


@pytest.mark.parametrize(
    ("change", "message"), REFERENCES, ids=[change for change, _ in REFERENCES]
)
def test_names_the_reference_that_leads_nowhere(tiny: Seeds, change: str, message: str):
    tiny.apply(change)
    _, name, row, column, *_ = change.split(" ")
    assert f"seeds/{name}.csv row {row} column {column}: {message}" in tiny.problems()


def test_tells_all_problems_of_all_files_at_once_by_file_and_row(tiny: Seeds):
    tiny.apply("set products 3 label_en + set studies 3 timing year + set studies 2 min_n 0")
    assert tiny.problems() == [
        "seeds/studies.csv row 2 column min_n: 0 is too low; use 1 or more",
        "seeds/studies.csv row 3 column timing: 'year' is not known; use quarter or wave",
        "seeds/products.csv row 3 column label_en: the cell is blank; fill it in",
    ]


def test_refuses_to_load_and_says_so_in_one_line(tiny: Seeds):
    tiny.apply("set products 3 label_en")
    with pytest.raises(CodebookError) as one:
        load_codebook(tiny.folder)
    assert (
        str(one.value) == "seeds/products.csv row 3 column label_en: the cell is blank; fill it in"
    )
    tiny.apply("set products 2 label_en")
    with pytest.raises(CodebookError) as several:
        load_codebook(tiny.folder)
    assert str(several.value) == (
        "the codebook has 2 problems, `kto codebook check` lists them; the first is "
        "seeds/products.csv row 2 column label_en: the cell is blank; fill it in"
    )
    assert [problem.row for problem in several.value.problems] == [2, 3]


def test_a_missing_file_is_named(tiny: Seeds):
    (tiny.folder / "organisation_mergers.csv").unlink()
    assert tiny.problems() == [
        "seeds/organisation_mergers.csv: the file is missing; restore it, if need be with its header only"
    ]


def test_an_empty_file_asks_for_its_header(tiny: Seeds):
    tiny.write("channels", "")
    assert tiny.problems() == [
        "seeds/channels.csv: the file is empty; start it with the header study,channel,label_nl,label_en"
    ]


def test_a_file_that_is_not_utf_8_is_named_with_the_line(tiny: Seeds):
    text = tiny.text("organisations").replace("Oudstad", "Oudst\u00e2d")
    (tiny.folder / "organisations.csv").write_bytes(text.encode("latin-1"))
    assert tiny.problems() == [
        "seeds/organisations.csv: line 2 is not UTF-8; save the file as CSV UTF-8"
    ]


def test_a_byte_order_mark_does_no_harm(tiny: Seeds):
    tiny.write("channels", "\ufeff" + tiny.text("channels"))
    assert tiny.problems() == []


def test_a_quote_that_is_never_closed_is_named(tiny: Seeds):
    tiny.add("channels", 'desk,mail,"Post')
    assert tiny.problems() == [
        "seeds/channels.csv: the file is not CSV (unexpected end of data); check its quotes"
    ]


def test_semicolons_are_named_as_what_they_are(tiny: Seeds):
    tiny.write("channels", tiny.text("channels").replace(",", ";"))
    assert tiny.problems() == [
        "seeds/channels.csv row 1: the header is one column; separate study,channel,label_nl,label_en by commas"
    ]


def test_unknown_missing_and_double_columns_are_named(tiny: Seeds):
    tiny.write("channels", "study,channel,label,label_nl,study\n")
    assert tiny.problems() == [
        "seeds/channels.csv row 1 column label: the column is unknown; use only study, channel, label_nl, label_en",
        "seeds/channels.csv row 1 column study: the column is there more than once; remove the others",
        "seeds/channels.csv row 1 column label_en: the column is missing; add it to the header and to every row",
    ]


def test_columns_may_stand_in_any_order(tiny: Seeds):
    tiny.write(
        "channels",
        "label_en,label_nl,channel,study\nWalk-in,Inloop,walk_in,desk\nPhone,Telefoon,phone,desk\n",
    )
    assert tiny.problems() == []


def test_rows_are_counted_as_a_spreadsheet_counts_them(tiny: Seeds):
    tiny.write(
        "channels",
        'study,channel,label_nl,label_en\ndesk,walk_in,"In\nloop",Walk-in\n\ndesk,phone,,Phone\n',
    )
    assert tiny.problems() == [
        "seeds/channels.csv row 4 column label_nl: the cell is blank; fill it in"
    ]


def test_describes_how_much_of_everything_there_is(tiny: Seeds):
    assert describe(load_codebook(tiny.folder)) == (
        "2 studies, 3 feeds, 6 questions, 8 metrics, 3 organisations, 2 products\n"
        "  desk: by quarter, 2 feeds, 2 channels, 5 questions, 7 metrics, 2 organisations, 2 products\n"
        "  port: by wave, 1 feed, 0 channels, 1 question, 1 metric, 1 organisation, 0 products"
    )
