"""What the release of the demo holds: figures, labels, pages; the demo is only read.

Each figure is worked out anew from the delivered files, or stands in the report on the survey.
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import axe_core_python
import pandas as pd
import polars as pl
import psycopg
import pytest
from browser import CHROMIUM, browse
from demo_home import Demo
from documented import blocks
from postgres_server import INITDB, LACKING, server

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.factsheet.annex import annex_of
from dagster_project.factsheet.figures import read_facts
from dagster_project.factsheet.front import front_of
from dagster_project.factsheet.pages import page, sheet_page
from dagster_project.factsheet.sheet import sheet_of
from dagster_project.factsheet.words import words
from dagster_project.release.postgres import copy_release


def read_text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_the_demo_shows_published_beside_computed_and_all_are_equal(demo: Demo) -> None:
    assert "145 of 145 as published" in demo.output
    assert str(demo.current) in demo.output


def test_the_real_survey_is_what_ten_lines_of_pandas_make_of_its_files(demo: Demo) -> None:
    files = PROJECT_ROOT / "dagster_project" / "demo" / "files"
    old = pd.read_csv(files / "sfo_2016" / "2016_SFO_Customer_Survey.csv", low_memory=False)
    answered = old[pd.to_numeric(old.Q7ALL, errors="coerce").between(1, 5)]
    mean = (answered.Q7ALL * answered.WEIGHT).sum() / answered.WEIGHT.sum()
    new = pd.read_csv(files / "sfo_2017" / "2017_SFO_Customer_Survey.csv", low_memory=False)
    asked = new[pd.to_numeric(new.NETPRO, errors="coerce").between(0, 10)]
    points = asked.NETPRO.astype(float).map(lambda x: 100 if x >= 9 else -100 if x <= 6 else 0)
    nps = (points * asked.WEIGHT).sum() / asked.WEIGHT.sum()

    assert (len(answered), round(answered.Q7ALL.mean(), 4)) == (2919, 4.0380)
    assert (len(asked), round(points.mean(), 2)) == (2746, 39.84)
    rows = demo.query(
        """
        select n, n_weighted, value from marts.mart_kpi
        where study = 'sfo' and channel = 'all' and product_code = 'all'
            and ((period = '2016' and metric = 'q7all') or (period = '2017' and metric = 'nps'))
        order by period
        """
    )
    assert rows == [
        (2919, pytest.approx(answered.WEIGHT.sum(), abs=1e-9), pytest.approx(mean, abs=1e-9)),
        (2746, pytest.approx(asked.WEIGHT.sum(), abs=1e-9), pytest.approx(nps, abs=1e-9)),
    ]
    assert (round(mean, 4), round(nps, 2)) == (4.0533, 40.40)


def test_a_benchmark_is_the_mean_of_the_three_other_municipalities(demo: Demo) -> None:
    rows = demo.query(
        """
        select metric, organisation_code, value, benchmark_value, benchmark_organisations
        from marts.mart_kpi where study = 'divosa'
        """
    )
    assert len(rows) == 4 * 10
    values = {(metric, code): value for metric, code, value, _, _ in rows}
    for metric, code, _, benchmark, organisations in rows:
        others = [value for (m, c), value in values.items() if m == metric and c != code]
        assert (benchmark, organisations) == (pytest.approx(sum(others) / 3), 3)


def test_a_wave_is_compared_with_the_wave_before_it_however_long_ago(demo: Demo) -> None:
    rows = demo.query(
        """
        select metric, change, change_significant, series_break from marts.mart_kpi
        where study = 'halt' and period = '2022' and metric in ('nps', 'totaaloordeel')
            and segment = 'all'
        order by metric
        """
    )
    # 12 of 60 after -10 of 97, and 452 points of 58 after 694 of 95
    assert rows == [
        ("nps", pytest.approx(100 * (12 / 60 + 10 / 97)), True, False),
        ("totaaloordeel", pytest.approx(452 / 58 - 694 / 95), True, False),
    ]


def test_the_funnel_is_what_pandas_makes_of_the_addresses_and_answers(demo: Demo) -> None:
    landing = demo.home / "landing"
    gross = pd.concat(map(read_text, (landing / "blik_op_werk_uitnodigingen").rglob("*.csv")))
    answers = pd.concat(map(read_text, (landing / "blik_op_werk").rglob("*.csv")))
    usable = (
        answers[["persoonlijk_contact", "bereikbaar_en_snel", "begeleiding"]].ne("").all(axis=1)
    )
    gross["answered"] = gross["uitnodiging_id"].isin(answers["uitnodiging_id"][usable])
    funnels = {"all": gross, "email": gross[gross["benadering"] == "e-mail"]}
    expected = []
    for method, frame in funnels.items():
        status = frame["status"].value_counts()
        counts = [len(frame), *(status[code] for code in ("dubbel", "onvolledig"))]
        counts.append(len(frame) - sum(counts[1:]))
        counts += [status[code] for code in ("onbestelbaar", "afgemeld")]
        counts.append(counts[3] - sum(counts[4:]))
        counts.append(frame["answered"].sum())
        expected.append((method, *counts, pytest.approx(100 * counts[7] / counts[6])))
    rows = demo.query(
        """
        select method, gross_sample, duplicates, incomplete, invited, undeliverable, opted_out,
            net_sample, responses_invited, response_rate
        from marts.mart_response_funnel
        where study = 'blik_op_werk' and status = 'published'
        order by method
        """
    )
    assert rows == expected
    # 50 of 183 in all; letters and calls are hidden, as one of them has fewer than ten answers
    assert rows[0][7:9] == (183, 50)
    by_method = gross.groupby("benadering")["answered"].sum()
    assert 0 < by_method.min() < 10


def test_services_with_too_few_customers_are_hidden_and_others_are_not(demo: Demo) -> None:
    rows = demo.query(
        """
        select metric from marts.mart_kpi
        where study = 'halt' and period = '2022' and status = 'suppressed' and segment = 'all'
        order by metric
        """
    )
    # on 4, 9, 1 and 4 answers
    assert rows == [
        ("halt_loket",),
        ("ouderbijeenkomsten",),
        ("sportveiligheid",),
        ("veilige_wijk",),
    ]


def test_statements_on_the_image_are_means_and_shares_of_their_own(demo: Demo) -> None:
    rows = demo.query(
        """
        select metric, period, n, value, change from marts.mart_kpi
        where study = 'halt' and metric like 'imago_%' and segment = 'all'
        order by metric, period
        """
    )
    # points of 5, 4, 3 and 2 in all, and how many gave a 4 or a 5
    old = {"jeugdpartners": (93, 342, 57), "tweede_kans": (95, 403, 82)}
    new = {
        "jeugdpartners": (58, 226, 41),
        "partner_gemeenten": (59, 248, 51),
        "tweede_kans": (59, 263, 55),
    }
    expected = []
    for name, now in new.items():
        for metric, place, scale in ((f"imago_{name}", 1, 1), (f"imago_{name}_positief", 2, 100)):
            value, change = scale * now[place] / now[0], None
            if name in old:
                before = scale * old[name][place] / old[name][0]
                expected.append((metric, "2018", old[name][0], pytest.approx(before), None))
                change = pytest.approx(value - before)
            expected.append((metric, "2022", now[0], pytest.approx(value), change))
    assert rows == expected


def test_of_the_parts_of_a_segment_only_those_of_ten_and_more_are_visible(demo: Demo) -> None:
    rows = demo.query(
        """
        select segment, segment_value, metric, n, value_rounded from marts.mart_kpi
        where study = 'halt' and period = '2022' and segment <> 'all'
            and metric in ('nps', 'totaaloordeel') and status = 'published'
        order by segment, segment_value, metric
        """
    )
    # the report also prints parts of five, six and seven
    assert rows == [
        ("functie", "policy_adviser", "nps", 47, 19.0),
        ("functie", "policy_adviser", "totaaloordeel", 45, 7.8),
        ("gemeentegrootte", "20000_50000", "nps", 33, 12.0),
        ("gemeentegrootte", "20000_50000", "totaaloordeel", 32, 7.8),
        ("gemeentegrootte", "50000_100000", "nps", 15, 27.0),
        ("gemeentegrootte", "50000_100000", "totaaloordeel", 15, 7.9),
    ]
    hidden = demo.query(
        """
        select segment, count(*), count(n) from marts.mart_kpi
        where study = 'halt' and period = '2022' and segment <> 'all'
            and metric = 'nps' and status = 'suppressed'
        group by segment order by segment
        """
    )
    # two jobs, two sizes, and who is no customer
    assert hidden == [("functie", 3, 0), ("gemeentegrootte", 3, 0)]


def test_of_the_services_of_a_provider_only_the_large_one_is_visible(demo: Demo) -> None:
    rows = demo.query(
        """
        select product_code, status, n from marts.mart_kpi
        where study = 'blik_op_werk' and metric = 'totaaloordeel' order by product_code
        """
    )
    # 12 answers on absence protect the one on diagnosis and the nine on social activation
    assert rows == [
        ("all", "published", 50),
        ("diagnose", "suppressed", None),
        ("naar_werk", "published", 28),
        ("sociale_activering", "suppressed", None),
        ("verzuimbegeleiding", "suppressed", None),
    ]


def test_every_row_has_labels_and_no_join_multiplies_it(demo: Demo) -> None:
    labels = ("study", "period", "channel", "product", "segment_value", "metric")
    lacking = " or ".join(
        f"{one}_{language} is null" for one in labels for language in ("nl", "en")
    )
    ((rows, unlabelled),) = demo.query(
        f"select count(*), count(*) filter ({lacking} or organisation is null) from kpi_labelled"
    )
    assert (rows, unlabelled) == (demo.query("select count(*) from marts.mart_kpi")[0][0], 0)
    joins = {
        "response": ("mart_response", "period_nl is null or product_en is null"),
        "mart_distribution left join dim_answer using (study, metric, answer)": (
            "mart_distribution",
            "label_nl is null",
        ),
        "mart_response_funnel left join dim_method using (study, method)": (
            "mart_response_funnel",
            "label_nl is null",
        ),
        "mart_priority left join dim_quadrant using (quadrant)": (
            "mart_priority",
            "label_nl is null and quadrant is not null",
        ),
    }
    for joined, (table, unlabelled_row) in joins.items():
        ((rows, unlabelled),) = demo.query(
            f"select count(*), count(*) filter ({unlabelled_row}) from {joined}"
        )
        assert (rows, unlabelled) == (demo.query(f"select count(*) from {table}")[0][0], 0), joined


def test_the_rounded_benchmark_is_half_away_from_zero(demo: Demo) -> None:
    rows = demo.query(
        """
        select benchmark_value, benchmark_rounded, decimals
        from kpi_labelled join dim_metric using (study, metric)
        where benchmark_value is not null
        """
    )
    assert len(rows) > 1000
    for value, rounded, decimals in rows:
        exact = Decimal(repr(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        wanted = exact.quantize(Decimal(1).scaleb(-int(str(decimals))), ROUND_HALF_UP)
        assert float(wanted) == rounded


@pytest.mark.skipif(INITDB is None, reason=LACKING)
def test_postgres_shows_what_the_file_shows(demo: Demo) -> None:
    query = """
        select study, organisation_code, period, channel_nl, product_nl, metric_nl, n,
            value_rounded, benchmark_rounded
        from {schema}.kpi_labelled where status = 'published' and period_type = 'year'
    """
    with server() as dsn, psycopg.connect(dsn) as connection:
        assert copy_release(dsn, demo.current)
        found = connection.execute(query.format(schema="bi")).fetchall()
        views = connection.execute(
            "select table_name from information_schema.views where table_schema = 'bi'"
        ).fetchall()
    wanted = demo.query(query.format(schema="main"))
    assert sorted(map(str, found)) == sorted(map(str, wanted))
    shown = demo.query("select view_name from duckdb_views() where not internal")
    assert sorted(views) == sorted(shown)


FACTSHEETS = [
    ("nvvb", "GM0637", "2020"),
    ("madi", "dynamo", "2020"),
    ("halt", "halt", "2022"),
    ("blik_op_werk", "nieuwe_sporen", "2021"),
    ("divosa", "GM0637", "2025"),
    ("sfo", "SFO", "2017"),
]


@pytest.fixture(scope="module")
def pages(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A factsheet of each survey, the front page and an annex, drawn of the demo."""
    codebook, text = load_codebook(PROJECT_ROOT / "seeds"), words("nl")
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "index": page("index.html", text, front=front_of(codebook, text, demo.current)),
        "annex": page("annex.html", text, annex=annex_of(codebook, text, demo.current, "nvvb")),
    }
    for study, organisation, period in FACTSHEETS:
        owner = pl.DataFrame({"study": [study], "organisation_code": [organisation]})
        facts = read_facts(demo.current, owner)[0]
        sheet = sheet_of(codebook, text, facts, period)
        made[study] = sheet_page(sheet, text, {})
    for name, html in made.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return sorted(folder.iterdir())


def test_a_factsheet_shows_the_figures_that_were_published(pages: list[Path]) -> None:
    text = {path.stem: path.read_text("utf-8") for path in pages}
    # what the reports on these surveys printed
    for label, value in {"Openingstijden": "8,2", "Prijs van het product": "7,3"}.items():
        assert re.search(rf">{label}</th>.*?<strong>{value}</strong>", text["nvvb"])
    assert re.search(r'class="big">8,1 ', text["madi"])
    assert re.search(r'class="big">\+38 ', text["madi"])
    assert re.search(r'class="big">\+20 ', text["halt"])
    assert "27,3" in text["blik_op_werk"]
    assert "351" in text["divosa"]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: pages are not looked at")
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_on_a_page_keeps_anybody_from_reading_it(
    demo: Demo, pages: list[Path], tmp_path: Path, width: int
) -> None:
    """axe finds nothing, and nothing on the page is wider than the screen."""
    axe = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
    script = """
        axe.run().then(function (found) {
            var result = document.createElement('pre');
            result.id = 'found';
            result.textContent = JSON.stringify({
                rules: found.violations.map(function (one) { return one.id; }),
                wider: document.documentElement.scrollWidth - window.innerWidth,
            });
            document.body.replaceChildren(result);
        });
    """
    for path in pages:
        html = path.read_text("utf-8")
        looked_at = tmp_path / path.name
        looked_at.write_text(
            html.replace("</body>", f"<script>{axe}</script><script>{script}</script></body>"),
            encoding="utf-8",
        )
        flags = (f"window-size={width},900", "virtual-time-budget=20000")
        seen = re.search(
            r'<pre id="found">(.*?)</pre>', browse(demo, tmp_path / "user", looked_at, *flags)
        )
        assert seen, path.name
        found = json.loads(seen[1])
        assert (path.name, found["rules"]) == (path.name, [])
        assert found["wider"] <= 0, path.name


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: pages are not looked at")
def test_data_docs_open_in_a_browser_and_load_nothing_from_elsewhere(
    demo: Demo, tmp_path: Path
) -> None:
    page = demo.home / "data_docs" / "index.html"
    assert "expectations met" in browse(demo, tmp_path, page)
    for file in (demo.home / "data_docs").rglob("*.html"):
        assert not re.search(r"(src|href)=.?https?:", file.read_text("utf-8")), file


def test_the_deviation_behind_every_margin_of_a_share_is_that_of_the_share(demo: Demo) -> None:
    """Of a share p the variance is p (100 - p), if n, N and sd go together as in the models."""
    shares = demo.query(
        """
        select organisation_code, period, metric, channel, product_code, value
        from marts.mart_kpi inner join marts.dim_metric using (study, metric)
        where study = 'divosa' and family = 'share' and status = 'published'
        order by all limit 5
        """
    )
    for organisation, period, metric, channel, product, value in shares:
        told = demo.run(
            *("kto", "explain", str(organisation), str(period), str(metric), "--json"),
            *("--channel", str(channel), "--product", str(product), "--study", "divosa"),
        )
        worked = json.loads(told.stdout)["worked_back"]
        share = float(str(value))
        assert worked["population"] is not None
        assert worked["standard_deviation"] ** 2 == pytest.approx(share * (100 - share))


@pytest.mark.parametrize("query", blocks(PROJECT_ROOT / "docs" / "bi.md", "sql"))
def test_a_query_of_the_documentation_finds_rows(demo: Demo, query: str) -> None:
    assert demo.query(query), query
