"""The published figures by another way: pandas on the landed files, none of the pipeline's code."""

from __future__ import annotations

import io
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pyreadstat

from dagster_project.demo import PublishedFigure

SEEDS = Path(__file__).parents[2] / "seeds"
NO_ANSWER = {"", "-1", "88", "99", "weet niet", "geen oordeel", "n.v.t."}
HOST = [
    "deskundigheid",
    "bereidheid",
    "inleving",
    "verantwoordelijkheid",
    "meedenken",
    "vertegenwoordiging",
]
GRADES = [
    *("totaaloordeel", "openingstijden", "wachtruimte", "wachttijd", "privacy"),
    *("vriendelijkheid", "prijs", "doorlooptijd"),
    *HOST,
]
AGREE = [
    *("aanvraag_eenvoudig", "gebruiksvriendelijk", "vindbaar", "info_duidelijk"),
    *("info_vindbaar", "formulier_makkelijk", "taal_duidelijk"),
]
CODES = dict.fromkeys(["moeite", *AGREE], "12345") | {"in_een_keer": "12349"}


Rows = dict[str, pd.DataFrame]


def text_of(path: Path) -> pd.DataFrame:
    """One delivery, every value as the text a Dutch spreadsheet user would read."""
    if path.suffix == ".csv":
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
        sep = max(";,\t", key=text.split("\n", 1)[0].count)
        frame = pd.read_csv(io.StringIO(text), sep=sep, dtype=str, keep_default_na=False)
    elif path.suffix == ".parquet":
        frame = pd.read_parquet(path).astype(object)
    else:
        frame = pyreadstat.read_sav(path)[0].astype(object)
    frame = frame.where(frame.notna(), "").astype(str).replace("nan", "")
    for name in {"datum_contact", "datum_invul"} & set(frame):
        dutch = frame[name].str.fullmatch(r"\d\d-\d\d-\d{4}")
        parsed = pd.to_datetime(frame[name].where(~dutch), format="mixed", errors="coerce")
        frame[name] = parsed.fillna(
            pd.to_datetime(frame[name].where(dutch), format="%d-%m-%Y", errors="coerce")
        )
    if "gemeentecode" in frame:
        frame["gemeentecode"] = "GM" + frame["gemeentecode"].str.removeprefix("GM").str.zfill(4)
    return frame.assign(received=path.name[:10], file=path.name)


def _grades(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.str.replace(",", "."), errors="coerce")


def _bad(frame: pd.DataFrame) -> pd.Series:
    """The contract's rules for a row, as far as the demo breaks them."""
    known = pd.read_csv(SEEDS / "organisations.csv")["organisation_code"]
    products = pd.read_csv(SEEDS / "products.csv")["product_code"]
    day = frame["datum_contact"].dt.normalize()
    bad = ~frame["gemeentecode"].isin(known) | ~frame["product"].isin(products)
    bad |= frame["respons_id"].eq("") | day.isna() | frame["datum_invul"].isna()
    bad |= (day > pd.to_datetime(frame["received"])) | (frame["datum_invul"].dt.normalize() < day)
    for name in set(GRADES) & set(frame):
        given = ~frame[name].isin(NO_ANSWER | {"99.0"})
        bad |= given & ~_grades(frame[name]).between(1, 10)
    for name in (CODES.keys() & set(frame)) | ({"informatie_vooraf"} & set(frame)):
        codes = frame[name].str.removesuffix(".0").where(~frame[name].isin(NO_ANSWER), "")
        bad |= ~codes.str.fullmatch(rf"([{CODES.get(name, '12345')}]\|?)*|99")
    frame["identical"] = frame.duplicated()
    kept = frame[~frame["identical"]]
    twice = kept.duplicated(["file", "gemeentecode", "respons_id"], keep=False)
    return bad | frame["identical"] | twice.reindex(frame.index, fill_value=False)


def landed_rows(landing: Path, feed: str) -> pd.DataFrame:
    files = sorted((landing / feed).rglob("*.*"))
    frame = pd.concat([text_of(path) for path in files], ignore_index=True).fillna("")
    frame["bad"] = _bad(frame)
    return frame


def counted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    current = frame[~frame["bad"]].sort_values("received", kind="stable")
    current = current.drop_duplicates(["gemeentecode", "respons_id"], keep="last")
    current = current.sort_values("datum_invul", kind="stable")
    return current[
        current["uitnodiging_id"].eq("") | ~current.duplicated("uitnodiging_id", keep="first")
    ]


def _value(frame: pd.DataFrame, metric: str) -> float:
    if metric == "hostmanship":
        items = frame[HOST].apply(lambda c: _grades(c.where(~c.isin(NO_ANSWER))))
        return float(items[items.notna().sum(axis=1) >= 3].mean(axis=1).mean())
    answers = _grades(frame[metric].where(~frame[metric].isin(NO_ANSWER | {"99.0"}))).dropna()
    return float((answers >= 4).mean() * 100 if metric in AGREE else answers.mean())


def _remarks(frame: pd.DataFrame, column: str) -> int:
    return int((~frame[column].str.strip().isin(NO_ANSWER)).sum())


def computed(all_counted: Rows, figure: PublishedFigure) -> float:
    counted = all_counted[figure.channel]
    counted = counted[counted["datum_contact"].dt.year == int(figure.period)]
    own = counted[counted["gemeentecode"] == figure.organisation_code]
    match figure.column:
        case "responses":
            return len(own)
        case "reviews":
            return _remarks(own, "toelichting")
        case "tips":
            return _remarks(own, "verbetertip")
        case "benchmark_value":
            others = counted[counted["gemeentecode"] != figure.organisation_code]
            return float(
                pd.Series(
                    [_value(part, figure.metric) for _, part in others.groupby("gemeentecode")]
                ).mean()
            )
        case _:
            return _value(own, figure.metric)


def rounded(value: float, decimals: int) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
