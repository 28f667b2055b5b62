"""The same files without what is forgotten.

Belongs here: which columns lead to a person, and what stands in their place. Does not belong here:
whose rows are meant (people), how files are replaced (replacement).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.common.checksums import file_sha256
from dagster_project.common.replacement import Replacement
from dagster_project.common.settings import Settings
from dagster_project.forget.known import CLEARED, CONTRIBUTIONS, INVITATION_ROWS, RESPONSE_ROWS
from dagster_project.forget.people import Found
from dagster_project.ingest.lake import REGISTER, lake_file
from dagster_project.ingest.register import read_register, register_text
from dagster_project.release.vintages import (
    INDEX_FILE,
    READ_ONLY,
    RECORD_FILE,
    Index,
    index_text,
)

LEADS_TO_ADDRESS = ("batch_id", "email_pseudonym", "sent_at", "reminded_at")
"""Columns of an invitation that no model reads, and that its sender could look the person up by."""
Rewrite = Callable[[pa.Table, Found], pa.Table]


def rewrite_lake(settings: Settings, found: Found, replacement: Replacement) -> None:
    """Write the files of the lake anew that hold something of them, and the register with them."""
    touched = found.touched.select("feed", "delivery").unique()
    deliveries = frozenset(touched.iter_rows())
    for delivery in read_register(settings.lake):
        if (delivery.feed, delivery.sha256) not in deliveries:
            continue
        files = dict(delivery.files)
        rooms = found.touched.filter(
            (pl.col("feed") == delivery.feed) & (pl.col("delivery") == delivery.sha256)
        )["room"]
        for room in rooms:
            path = lake_file(settings.lake, room, delivery.feed, delivery.sha256)
            draft = replacement.draft(path)
            _write(ROOMS[room](_read(path), found), draft)
            files[path.relative_to(settings.lake).as_posix()] = file_sha256(draft)
        replacement.write(
            lake_file(settings.lake, REGISTER, delivery.feed, delivery.sha256),
            register_text(dataclasses.replace(delivery, files=files)),
        )


def rewrite_vintages(
    settings: Settings, index: Index, found: Found, replacement: Replacement
) -> None:
    """Do the same to what is kept of published periods, their records and the index.

    Only who is in the cells changes, not one cell.
    """
    records = dict(index.vintages)
    for vintage in index.vintages:
        folder = settings.vintages / vintage
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        before = dict(record["files"])
        for model, rewrite in MODELS.items():
            path = folder / f"{model}.parquet"
            if not path.is_file():
                continue
            table = _read(path)
            changed = rewrite(table, found)
            if changed.equals(table):
                continue
            draft = replacement.draft(path)
            _write(changed, draft)
            draft.chmod(READ_ONLY)
            record["files"][path.name] = file_sha256(draft)
        if record["files"] != before:
            draft = replacement.draft(folder / RECORD_FILE)
            draft.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
            draft.chmod(READ_ONLY)
            records[vintage] = file_sha256(draft)
    if records != index.vintages:
        index = dataclasses.replace(index, vintages=records)
        replacement.write(settings.vintages / INDEX_FILE, index_text(index))


def drop_pseudonyms(path: Path, draft: Path) -> None:
    """Write a file of invitations anew without any pseudonym."""
    table = _read(path)
    nothing = pl.Series([None] * table.num_rows, dtype=pl.String)
    _write(_set(table, "email_pseudonym", nothing), draft)


def _read(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None).replace_schema_metadata(None)


def _write(table: pa.Table, draft: Path) -> None:
    """Write a file anew; no page of the old one is copied."""
    with pq.ParquetWriter(draft, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)


def _ids_replaced(table: pa.Table, found: Found) -> pa.Table:
    """Put new ids of responses and invitations in the place of the old ones."""
    names = ("study", "feed", "organisation_code", "response_id", "invitation_id")
    frame = _frame(table, names)
    if "response_id" in frame.columns:
        keys = ["study", "feed", "organisation_code", "response_id"]
        frame = frame.join(found.response_ids, on=keys, how="left", maintain_order="left")
        new = frame.select(pl.coalesce("new_id", "response_id")).to_series()
        table, frame = _set(table, "response_id", new), frame.drop("new_id")
    keys = ["study", "invitation_id"]
    frame = frame.join(found.invitation_ids, on=keys, how="left", maintain_order="left")
    new = frame.select(pl.coalesce("new_id", "invitation_id")).to_series()
    return _set(table, "invitation_id", new)


def _invitations(table: pa.Table, found: Found) -> pa.Table:
    """Replace the ids, and leave nothing by which the sender finds the address."""
    frame = _frame(table, ("study", "invitation_id"))
    ours = frame.join(
        found.invitation_ids, on=["study", "invitation_id"], how="left", maintain_order="left"
    )["new_id"].is_not_null()
    for name in LEADS_TO_ADDRESS:
        column = _frame(table, (name,)).select(pl.when(~ours).then(pl.col(name))).to_series()
        table = _set(table, name, column)
    return _ids_replaced(table, found)


def _texts(table: pa.Table, found: Found) -> pa.Table:
    """Leave out every text of those who are forgotten."""
    keys = ["feed", "organisation_code", "response_id"]
    frame = _frame(table, keys).with_row_index("at")
    left = frame.join(found.response_ids, on=keys, how="anti", maintain_order="left")["at"]
    return table.take(left.to_arrow())


def _quarantine(table: pa.Table, found: Found) -> pa.Table:
    """Keep of a row that it was bad, why, of what and when; not what stood in it."""
    frame = pl.DataFrame(table)
    rows = found.cleared.with_columns(is_cleared=pl.lit(value=True))
    cleared = frame.join(rows, on=["feed", "delivery", "row"], how="left", maintain_order="left")
    is_cleared = cleared["is_cleared"].fill_null(value=False)
    details = frame.select(pl.when(is_cleared).then("reasons").otherwise("details")).to_series()
    masked = frame.select(
        pl.when(is_cleared).then(pl.lit(CLEARED)).otherwise("masked_row")
    ).to_series()
    table = _set(_set(table, "details", details), "masked_row", masked)
    if "id_fingerprint" not in frame.columns:
        return table
    joined = frame.join(
        found.reprinted, on=["feed", "delivery", "row"], how="left", maintain_order="left"
    )
    new = joined.select(pl.coalesce("new_print", "id_fingerprint")).to_series()
    return _set(table, "id_fingerprint", new)


def _contributions(table: pa.Table, found: Found) -> pa.Table:
    """Put the fingerprint of the new id in the place of that of the old one."""
    frame = _frame(table, ("respondent",))
    joined = frame.join(found.respondents, on="respondent", how="left", maintain_order="left")
    new = joined.select(pl.coalesce("new_respondent", "respondent")).to_series()
    return _set(table, "respondent", new)


def _frame(table: pa.Table, names: Iterable[str]) -> pl.DataFrame:
    return pl.DataFrame(table.select([name for name in names if name in table.column_names]))


def _set(table: pa.Table, name: str, column: pl.Series) -> pa.Table:
    at = table.schema.get_field_index(name)
    field = table.schema.field(at)
    return table.set_column(at, field, column.to_arrow().cast(field.type))


ROOMS: Mapping[str, Rewrite] = {
    "responses": _ids_replaced,
    "invitations": _invitations,
    "restricted": _texts,
    "quarantine": _quarantine,
}
MODELS: Mapping[str, Rewrite] = {
    RESPONSE_ROWS: _ids_replaced,
    INVITATION_ROWS: _ids_replaced,
    CONTRIBUTIONS: _contributions,
}
"""What is kept of published periods by row; the rest is cells."""
