"""What was published of each period, and all that it rests on: kept once.

Nothing of it ever changes but who is in the cells, when people are forgotten (`dagster_project.
forget`).

Belongs here: the index of periods, the folders of kept models, their checksums. Does not belong
here: which periods are published (states), what the models hold (dbt).

`vintages/index.json` is replaced in one step: what it does not name was never published. Each
release that made a period final, or revised one, has an immutable folder beside it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.checksums import file_sha256, with_checksum, without_checksum
from dagster_project.common.durable import replacing, settle, settle_all
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import literal, only, read_from
from dagster_project.release.order import PeriodKey
from dagster_project.warehouse.damage import damage_told

INDEX_FILE = "index.json"
RECORD_FILE = "vintage.json"
ANCHORS = "_none"
MARTS = "marts"
READ_ONLY = 0o400
PATTERN = "pattern"
KEY = ("study", "organisation_code", "period")
ENTRY = pl.Schema(
    {
        **dict.fromkeys(KEY, pl.String),
        "period_type": pl.String,
        "period_start": pl.Date,
        "period_end": pl.Date,
        "revision": pl.Int32,
        "vintage": pl.String,
        "released_on": pl.Date,
        "revised_on": pl.Date,
        "reason": pl.String,
        "as_is": pl.Boolean,
        "empty": pl.Boolean,
        "definitions": pl.String,
    }
)


class VintageError(UserError):
    """Something kept of a published period is missing or damaged; says which file."""


@dataclass(frozen=True)
class Withdrawal:
    """Published periods that are withdrawn, as they were never distributed.

    `release` is the id of the release whose manifest said so, None before there was one.
    """

    study: str
    organisation_code: str
    periods: tuple[str, ...]
    by: str
    reason: str
    on: str
    release: str | None = None


@dataclass(frozen=True)
class Index:
    """What is published, by period and revision.

    `entries` has the columns of `ENTRY`, one row per period and revision: `vintage` names the
    folder (and the release), `empty` marks a quarter that went out with its year although nothing
    was delivered of it, `definitions` is a key of the mapping of that name: fingerprints by
    `metric family`. `vintages` gives the SHA-256 of each folder's record, `release` is the id of
    the last release that changed the index.
    """

    entries: pl.DataFrame = field(default_factory=ENTRY.to_frame)
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    vintages: Mapping[str, str] = field(default_factory=dict)
    withdrawals: tuple[Withdrawal, ...] = ()
    release: str | None = None

    @property
    def newest(self) -> pl.DataFrame:
        """The newest vintage of every period."""
        return self.entries.sort(*KEY, "revision").unique(KEY, keep="last", maintain_order=True)

    def revisions_of(self, periods: pl.DataFrame) -> pl.DataFrame:
        """Every vintage of these periods, oldest first."""
        return self.entries.join(periods.select(KEY), on=KEY, how="semi").sort(*KEY, "revision")

    def with_new(
        self,
        release: str,
        entries: pl.DataFrame,
        record: str | None,
        definitions: Mapping[str, Mapping[str, str]],
    ) -> Index:
        """Add what a release makes final or revises; `record` is the SHA-256 of its record."""
        return replace(
            self,
            entries=pl.concat([self.entries, entries.select(ENTRY.names()).cast(ENTRY)]),
            definitions={**self.definitions, **definitions},
            vintages={**self.vintages, **({} if record is None else {release: record})},
            withdrawals=tuple(
                one if one.release else replace(one, release=release) for one in self.withdrawals
            ),
            release=release,
        )

    def without(self, periods: pl.DataFrame, withdrawal: Withdrawal) -> Index:
        """Forget periods, and what no other period rests on."""
        left = self.entries.join(periods.select(KEY), on=KEY, how="anti")
        used = set(left["vintage"])
        return replace(
            self,
            entries=left,
            vintages={name: digest for name, digest in self.vintages.items() if name in used},
            withdrawals=(*self.withdrawals, withdrawal),
        )


def definitions_of(codebook: Codebook, study: str) -> dict[str, str]:
    """Fingerprint what every metric of a study means, by `metric family`."""
    return {
        f"{one.metric} {one.family}": codebook.definition_of(study, one.metric, one.family)
        for one in codebook.metrics_of(study)
    }


def read_index(settings: Settings) -> Index:
    """Read the index; an empty one before anything was published.

    Raises:
        VintageError: it cannot be read.

    """
    path = settings.vintages / INDEX_FILE
    if not path.exists():
        return Index()
    try:
        content = without_checksum(json.loads(path.read_text(encoding="utf-8")))
        entries = [
            {
                name: date.fromisoformat(value) if value and ENTRY[name] == pl.Date else value
                for name, value in row.items()
            }
            for row in content["entries"]
        ]
        return Index(
            entries=pl.DataFrame(entries, schema=ENTRY),
            definitions=content["definitions"],
            vintages=content["vintages"],
            withdrawals=tuple(
                Withdrawal(**{**one, "periods": tuple(one["periods"])})
                for one in content["withdrawals"]
            ),
            release=content["release"],
        )
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as fault:
        raise VintageError(
            f"{path} cannot be read ({fault}); put it back from a backup: only it "
            "says what is published"
        ) from fault


def write_index(settings: Settings, index: Index) -> None:
    """Replace the index in one step."""
    with replacing(settings.vintages / INDEX_FILE) as temporary:
        temporary.write_text(index_text(index), encoding="utf-8")


def index_text(index: Index) -> str:
    """Give what is written of an index."""
    content = {
        "entries": index.entries.to_dicts(),
        "definitions": index.definitions,
        "vintages": index.vintages,
        "withdrawals": [asdict(one) for one in index.withdrawals],
        "release": index.release,
    }
    return json.dumps(with_checksum(content), ensure_ascii=False)


def sweep(settings: Settings, index: Index) -> None:
    """Remove folders that no index names: a killed run left them."""
    known = {ANCHORS, *index.vintages}
    for folder in settings.vintages.glob("*"):
        if folder.is_dir() and folder.name not in known:
            _remove(folder)


def verify(
    settings: Settings, index: Index, only: Iterable[str] | None = None, *, but: Iterable[str] = ()
) -> None:
    """Compare kept files with their checksums, `only` those of some models, or all `but` theirs.

    Raises:
        VintageError: a file is missing or damaged; the first one is named.

    """
    wanted = None if only is None else {f"{model}.parquet" for model in only}
    unwanted = {f"{model}.parquet" for model in but}
    for vintage, digest in index.vintages.items():
        folder = settings.vintages / vintage
        _compare(folder / RECORD_FILE, digest)
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        for name, sha256 in record["files"].items():
            if name not in unwanted and (wanted is None or name in wanted):
                _compare(folder / name, sha256)


def keep(
    settings: Settings,
    release: str,
    periods: pl.DataFrame,
    *,
    models: Sequence[str],
    marts: Path,
    keyed: Iterable[str],
) -> str:
    """Copy what these periods rest on, and what is published of them, into a folder.

    Args:
        settings: where the warehouse, the pattern and the vintages are.
        release: id of the release that publishes them.
        periods: study, organisation_code, period.
        models: tables of the warehouse that are kept.
        marts: folder with a Parquet file per published table.
        keyed: names of those tables that have rows by study, organisation and period.

    Returns:
        The SHA-256 of the folder's record, for the index.

    Raises:
        OSError, duckdb.Error: there is no room, or the warehouse cannot be read.

    """
    draft, folder = settings.vintages / f"{release}.part", settings.vintages / release
    for leftover in (draft, folder):
        _remove(leftover)
    (draft / MARTS).mkdir(parents=True)
    source = settings.warehouse.stem
    with damage_told(settings), duckdb.connect(config=settings.engine) as engine:
        engine.execute(f'attach {literal(settings.warehouse)} as "{source}" (read_only)')
        engine.register("kept_periods", periods.select(KEY))
        sources = {f"{model}.parquet": f'"{source}".intermediate."{model}"' for model in models}
        sources[f"{PATTERN}.parquet"] = f"read_parquet({read_from(settings.pattern)})"
        for table in keyed:
            sources[f"{MARTS}/{table}.parquet"] = (
                f"read_parquet({read_from(marts / f'{table}.parquet')})"
            )
        for name, relation in sources.items():
            engine.execute(
                f"copy (select *, {literal(release)} as vintage from {relation} "
                f"semi join kept_periods using ({', '.join(KEY)})) "
                f"to {literal(draft / name)} (format parquet, compression zstd)"
            )
    files = {name: file_sha256(draft / name) for name in sorted(sources)}
    record = json.dumps({"release": release, "files": files}, indent=2) + "\n"
    (draft / RECORD_FILE).write_text(record, encoding="utf-8")
    for file in draft.rglob("*.*"):
        file.chmod(READ_ONLY)
    settle_all(draft)
    draft.rename(folder)
    settle(settings.vintages)
    return file_sha256(folder / RECORD_FILE)


def kept(settings: Settings, model: str, entries: pl.DataFrame) -> pl.DataFrame:
    """Read what was kept of a model, or of `marts/<table>`, for some entries of the index.

    Raises:
        VintageError: a file cannot be read.

    """
    files = [
        settings.vintages / vintage / f"{model}.parquet"
        for vintage in entries["vintage"].unique().sort()
    ]
    there = [only(file) for file in files if file.is_file()]
    if not there:
        return pl.DataFrame()
    with duckdb.connect() as engine:
        engine.register("wanted", entries.select(*KEY, "vintage"))
        try:
            found = engine.sql(
                "select kept.* from read_parquet(?, union_by_name = true) as kept "
                f"semi join wanted using ({', '.join(KEY)}, vintage)",
                params=[there],
            )
            return pl.DataFrame(found.to_arrow_table())
        except duckdb.Error as fault:
            first_line = str(fault).partition("\n")[0]
            raise VintageError(
                f"{settings.vintages} cannot be read: {first_line}; put it back from a backup"
            ) from fault


def kept_models(manifest: Path) -> dict[str, list[tuple[str, str]]]:
    """Read which models are kept, with the names and types of their columns, from dbt's manifest.

    Raises:
        VintageError: a model is kept without a type for each of its columns.

    """
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    found: dict[str, list[tuple[str, str]]] = {}
    for node in nodes:
        if node["resource_type"] != "model" or not node["config"].get("meta", {}).get("kept"):
            continue
        columns = [(one["name"], one.get("data_type") or "") for one in node["columns"].values()]
        if not columns or not all(kind for _, kind in columns):
            raise VintageError(f"model {node['name']} is kept; give each of its columns a type")
        found[node["name"]] = columns
    return found


def write_anchors(settings: Settings, models: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Write an empty file per kept model, so that there is always one to read."""
    folder = settings.vintages / ANCHORS
    with duckdb.connect() as engine:
        for model, columns in models.items():
            typed = [*columns, ("vintage", "varchar")]
            listed = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in typed)
            nothing = f"select {listed} where false"
            with replacing(folder / f"{model}.parquet") as temporary:
                engine.execute(f"copy ({nothing}) to {literal(temporary)} (format parquet)")


def parts_of(index: Index, periods: Iterable[PeriodKey]) -> pl.DataFrame:
    """Find published periods by name, with the years that are sums of them.

    Returns:
        Rows of `ENTRY`, the newest vintage of each.

    """
    named = pl.DataFrame(list(periods), schema=dict.fromkeys(KEY, pl.String), orient="row").unique()
    newest = index.newest
    own = newest.join(named, on=KEY, how="semi")
    quarters = own.filter(pl.col("period_type") == "quarter").select(
        "study", "organisation_code", period=pl.col("period_start").dt.year().cast(pl.String)
    )
    years = newest.filter(pl.col("period_type") == "year").join(quarters, on=KEY, how="semi")
    return pl.concat([own, years]).unique(KEY, maintain_order=True).sort(KEY)


def _compare(path: Path, sha256: str) -> None:
    if not path.is_file() or file_sha256(path) != sha256:
        state = "damaged" if path.exists() else "missing"
        raise VintageError(
            f"{path} is {state}; put it back from a backup: it holds what was published"
        )


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
