"""The surveys in waves: the landed answers show what was published, and what makes them special."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from demo_oracle import rounded
from wave_oracle import (
    ASPECTS,
    INVITED,
    SCORES,
    SERVICES,
    STATEMENTS,
    VERBAL,
    invited_rows,
    numbers,
    value,
    wave_figure,
    wave_rows,
)

from dagster_project.demo import PublishedFigure, published_figures

STUDIES = (*SCORES, "blik_op_werk_opdrachtgevers")
FIGURES = [figure for figure in published_figures() if figure.study in STUDIES]


@pytest.fixture(scope="module")
def rows(landing: Path) -> dict[str, pd.DataFrame]:
    return {study: wave_rows(landing, study) for study in STUDIES}


@pytest.fixture(scope="module")
def invited(landing: Path) -> dict[str, pd.DataFrame]:
    return {study: invited_rows(landing, study) for study in INVITED}


@pytest.mark.parametrize(
    "figure",
    FIGURES,
    ids=lambda f: f"{f.study}-{f.period}-{f.product_code}-{f.segment_value}-{f.metric}-{f.column}",
)
def test_landed_answers_show_the_published_figure(
    rows: dict[str, pd.DataFrame], invited: dict[str, pd.DataFrame], figure: PublishedFigure
):
    assert rounded(wave_figure(rows, invited, figure), figure.decimals) == figure.published


def test_grades_are_spread_as_printed_and_ten_people_gave_none(rows: dict[str, pd.DataFrame]):
    own = rows["madi"].query("organisatie == 'dynamo'")
    grades = numbers(own["rapportcijfer"])
    counts = ((grades >= 8).sum(), grades.between(6, 7).sum(), (grades < 6).sum())
    assert (*counts, grades.isna().sum()) == (181, 41, 23, 10)


def test_all_organisations_together_recommend_as_printed(rows: dict[str, pd.DataFrame]):
    everybody = rows["madi"]
    assert (len(everybody), everybody["organisatie"].nunique()) == (2540, 7)
    nps = SCORES["madi"]["nps"]
    assert rounded(value(everybody, nps)[1], 0) == 28
    by_product = {
        product: rounded(value(part, nps)[1], 0) for product, part in everybody.groupby("werksoort")
    }
    assert by_product == {
        "sociaal_raadslieden": Decimal(33),
        "schuldhulpverlening": Decimal(33),
        "maatschappelijk_werk": Decimal(22),
    }


def test_required_samples_follow_from_the_people_invited(landing: Path):
    (path,) = (landing / "divosa_uitnodigingen").rglob("*.parquet")
    people = pd.read_parquet(path).groupby("gemeentecode").size()
    assert people.to_dict() == {"GM0637": 4000, "GM0502": 2500, "GM1916": 1500, "GM0796": 1000}
    # 384.16 answers would do for a population without end
    required = {code: math.ceil(384.16 / (1 + 383.16 / n)) for code, n in people.items()}
    printed = {f.organisation_code: f.published for f in published_figures() if f.study == "divosa"}
    assert printed == required


def test_one_municipality_falls_short_of_its_required_sample(landing: Path):
    (path,) = (landing / "divosa").rglob("*.csv")
    answers = pd.read_csv(path, sep=";", dtype=str).groupby("gemeentecode").size()
    assert answers.to_dict() == {"GM0637": 588, "GM0502": 461, "GM1916": 352, "GM0796": 243}


def test_each_municipality_is_approached_in_its_own_way(landing: Path):
    (path,) = (landing / "divosa_uitnodigingen").rglob("*.parquet")
    ways = pd.read_parquet(path).groupby("gemeentecode")["methode"].unique().map(list)
    assert ways.to_dict() == {
        "GM0637": ["e-mail"],
        "GM0502": ["e-mail en brief"],
        "GM1916": ["e-mail, brief en papieren vragenlijst"],
        "GM0796": ["e-mail, brief en papieren vragenlijst"],
    }


def test_net_counts_of_the_products_add_up_to_that_of_the_whole(rows: dict[str, pd.DataFrame]):
    own = rows["madi"].query("organisatie == 'dynamo'")
    points = numbers(own["aanbeveling"]).map(SCORES["madi"]["nps"].points) / 100
    net = points.groupby(own["werksoort"]).sum().to_dict()
    assert net == {"sociaal_raadslieden": 43, "schuldhulpverlening": 21, "maatschappelijk_werk": 33}
    assert points.sum() == 97


@pytest.mark.parametrize(
    ("year", "took_part", "customers", "groups"),
    [(2022, 64, 60, (25, 22, 10, 3)), (2018, 102, 97, (20, 47, 22, 8))],
)
def test_recommendation_falls_into_four_groups_of_all_customers(
    rows: dict[str, pd.DataFrame],
    year: int,
    took_part: int,
    customers: int,
    groups: tuple[int, ...],
):
    own = rows["halt"][rows["halt"]["wave"] == year]
    given = numbers(own["aanbeveling"]).dropna()
    assert (len(own), len(given)) == (took_part, customers)
    bands = ((9, 10), (7, 8), (5, 6), (0, 4))
    assert tuple(given.between(low, high).sum() for low, high in bands) == groups


def test_who_is_no_customer_answers_nothing(rows: dict[str, pd.DataFrame]):
    own = rows["halt"]
    strangers = own[numbers(own["aanbeveling"]).isna()]
    assert len(strangers) == 4 + 5
    for header in ("algemene_waardering", "beeld", "factsheets", *SERVICES, *STATEMENTS):
        assert numbers(strangers[header].replace(VERBAL), {}).isna().all(), header


def test_customers_are_of_the_sizes_and_jobs_that_the_report_lists(rows: dict[str, pd.DataFrame]):
    own = rows["halt"].query("wave == 2022")
    customers = own[numbers(own["aanbeveling"]).notna()]
    # 10, 25, 55 and 10 % of 60; 10, 78, 3 and 8 % of 60
    assert customers["gemeentegrootte"].value_counts().to_dict() == {
        "20.000 - 50.000 inwoners": 33,
        "50.000 - 100.000 inwoners": 15,
        "G4 of meer dan 100.000 inwoners": 6,
        "Minder dan 20.000 inwoners": 6,
    }
    assert customers["functie"].value_counts().to_dict() == {
        "beleidsadviseur": 47,
        "bestuursadviseur": 6,
        "anders": 5,
        "contractmanager": 2,
    }


def test_parts_that_stay_hidden_are_as_printed_too(rows: dict[str, pd.DataFrame]):
    own = rows["halt"].query("wave == 2022").replace({"functie": {"contractmanager": "anders"}})
    own = own[numbers(own["aanbeveling"]).notna()]
    found = {}
    for header in ("gemeentegrootte", "functie"):
        for part, answers in own.groupby(header):
            n, grade = value(answers, SCORES["halt"]["totaaloordeel"])
            nps = value(answers, SCORES["halt"]["nps"])[1]
            found[part] = (n, str(rounded(grade, 1)), int(rounded(nps, 0)))
    small = ("G4 of meer dan 100.000 inwoners", "Minder dan 20.000 inwoners")
    assert {part: found[part] for part in (*small, "bestuursadviseur", "anders")} == {
        "G4 of meer dan 100.000 inwoners": (6, "8.2", 33),
        "Minder dan 20.000 inwoners": (5, "7.2", 33),
        "bestuursadviseur": (6, "7.8", 33),
        "anders": (7, "7.7", 14),
    }


def test_as_many_customers_as_printed_give_an_eight_or_higher(rows: dict[str, pd.DataFrame]):
    own = rows["halt"].query("wave == 2022")
    customers = numbers(own["aanbeveling"]).notna()
    grades = numbers(own["algemene_waardering"])
    # 63 % is of the 60 customers: of the 58 who gave a grade no number of people is
    assert (customers.sum(), grades.notna().sum(), (grades >= 8).sum()) == (60, 58, 38)
    assert rounded(100 * 38 / 60, 0) == 63
    assert 63 not in {int(rounded(100 * count / 58, 0)) for count in range(59)}


def test_services_are_used_by_as_many_as_printed(rows: dict[str, pd.DataFrame]):
    own = rows["halt"].query("wave == 2022")
    used = {name: int(numbers(own[name], VERBAL).notna().sum()) for name in SERVICES[:8]}
    assert used == {
        "informatie_advies": 36,
        "netwerkoverleggen": 44,
        "voorlichtingen": 55,
        "ouderbijeenkomsten": 9,
        "schoolveiligheid": 14,
        "veilige_wijk": 4,
        "halt_loket": 4,
        "sportveiligheid": 1,
    }
    several = sum(numbers(own[name], VERBAL).notna().astype(int) for name in SERVICES[:8])
    assert several.max() > 3


def test_the_image_is_as_the_report_tells_though_it_prints_no_figures(
    rows: dict[str, pd.DataFrame],
):
    means = {}
    for year, customers, asked in ((2018, 97, STATEMENTS[:2]), (2022, 60, STATEMENTS)):
        own = rows["halt"][rows["halt"]["wave"] == year]
        given = {name for name in STATEMENTS if numbers(own[name]).notna().any()}
        assert given == set(asked)
        for name in asked:
            n, means[name, year] = value(own, SCORES["halt"][name])
            assert 0.95 * customers < n <= customers
            # more than half give a 4 or a 5
            assert value(own, SCORES["halt"][f"{name}_positief"])[1] > 50
    second_chance, partners, municipalities = STATEMENTS
    now = {name: means[name, 2022] for name in STATEMENTS}
    assert max(now, key=lambda name: now[name]) == second_chance
    assert min(now, key=lambda name: now[name]) == partners
    for name in (second_chance, partners):
        assert 0 < means[name, 2022] - means[name, 2018] < 0.3
    # 263 points of 59, 226 of 58 and 248 of 59
    assert now == pytest.approx(
        {second_chance: 263 / 59, partners: 226 / 58, municipalities: 248 / 59}
    )


def test_a_price_is_judged_by_those_who_use_the_service(rows: dict[str, pd.DataFrame]):
    for name in ("netwerkoverleggen", "voorlichtingen"):
        judged = numbers(rows["halt"][f"{name}_prijs"], VERBAL).notna()
        assert numbers(rows["halt"][name], VERBAL)[judged].notna().all()


def test_a_net_sample_is_what_is_left_of_the_gross_one(invited: dict[str, pd.DataFrame]):
    status = invited["blik_op_werk"]["status"].value_counts()
    lost = {
        name: int(status[name]) for name in ("dubbel", "onvolledig", "onbestelbaar", "afgemeld")
    }
    assert lost == {"dubbel": 4, "onvolledig": 7, "onbestelbaar": 11, "afgemeld": 2}
    assert status.sum() - sum(lost.values()) == 183


def test_nobody_is_reminded_at_an_address_that_led_to_nobody(invited: dict[str, pd.DataFrame]):
    everybody = invited["blik_op_werk"]
    reminded = everybody[everybody["herinnerd_op"].ne("")]
    assert len(reminded) > 10
    assert set(reminded["status"]) <= {"bezorgd", "verzonden"}


def test_each_service_has_the_answers_that_the_report_lists(rows: dict[str, pd.DataFrame]):
    own = rows["blik_op_werk"]
    grades = numbers(own["rapportcijfer"]).groupby(own["dienst"])
    found = {service: (len(part), rounded(float(part.mean()), 1)) for service, part in grades}
    assert found == {
        "diagnose": (1, Decimal("9.0")),
        "verzuimbegeleiding": (12, Decimal("8.3")),
        "naar_werk": (28, Decimal("7.8")),
        "sociale_activering": (9, Decimal("7.9")),
    }


def test_three_questionnaires_say_nothing_about_the_service(landing: Path):
    (path,) = (landing / "blik_op_werk").rglob("*.csv")
    everything = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
    assert (len(everything), everything[list(ASPECTS)].eq("").all(axis=1).sum()) == (53, 3)
