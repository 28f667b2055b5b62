"""The lake's files: where they are, what is in them, and how they are written whole or not at all.

Belongs here: schemas and atomic writes. Does not belong here: what rows mean.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.common.checksums import file_sha256
from dagster_project.common.durable import TEMPORARY, replacing, settle

MOMENT = pa.timestamp("us", tz="UTC")
ANSWER = pa.struct([("question", pa.string()), ("code", pa.string()), ("number", pa.float64())])
RESPONSES = pa.schema(
    [
        ("study", pa.string()),
        ("feed", pa.string()),
        ("delivery", pa.string()),
        ("row", pa.int64()),
        ("received_at", MOMENT),
        ("response_id", pa.string()),
        ("organisation_code", pa.string()),
        ("channel", pa.string()),
        ("product_code", pa.string()),
        ("contact_date", pa.date32()),
        ("submitted_at", MOMENT),
        ("wave", pa.string()),
        ("invitation_id", pa.string()),
        ("weight", pa.float64()),
        ("has_review", pa.bool_()),
        ("has_tip", pa.bool_()),
        ("answers", pa.list_(ANSWER)),
    ]
)
INVITATIONS = pa.schema(
    [
        ("study", pa.string()),
        ("feed", pa.string()),
        ("delivery", pa.string()),
        ("row", pa.int64()),
        ("received_at", MOMENT),
        ("invitation_id", pa.string()),
        ("batch_id", pa.string()),
        ("organisation_code", pa.string()),
        ("channel", pa.string()),
        ("product_code", pa.string()),
        ("method", pa.string()),
        ("sent_date", pa.date32()),
        ("sent_at", MOMENT),
        ("email_pseudonym", pa.string()),
        ("status", pa.string()),
        ("reminded_at", MOMENT),
    ]
)
RESTRICTED = pa.schema(
    [
        ("feed", pa.string()),
        ("delivery", pa.string()),
        ("row", pa.int64()),
        ("organisation_code", pa.string()),
        ("response_id", pa.string()),
        ("field", pa.string()),
        ("text", pa.string()),
    ]
)
QUARANTINE = pa.schema(
    [
        ("feed", pa.string()),
        ("delivery", pa.string()),
        ("row", pa.int64()),
        ("reasons", pa.list_(pa.string())),
        ("details", pa.list_(pa.string())),
        ("masked_row", pa.string()),
        ("organisation_code", pa.string()),
        ("event_date", pa.date32()),
        ("period", pa.string()),
        ("id_fingerprint", pa.string()),
    ]
)
LAYOUT = 2
"""Raised when columns of these files change; deliveries of an earlier one are judged again."""
TEXT_BY_NUMBER = pa.dictionary(pa.int32(), pa.string())
ENCODED_ANSWER = pa.struct(
    [("question", TEXT_BY_NUMBER), ("code", TEXT_BY_NUMBER), ("number", pa.float64())]
)
"""`ANSWER` as it is handed to the Parquet writer, which is much faster with few distinct texts."""
ROOMS: Mapping[str, pa.Schema] = {
    "responses": RESPONSES,
    "invitations": INVITATIONS,
    "restricted": RESTRICTED,
    "quarantine": QUARANTINE,
}
"""Folders of the lake that hold one Parquet file per delivery; the register is `deliveries`."""
REGISTER = "deliveries"


def lake_file(lake: Path, room: str, feed: str, sha256: str) -> Path:
    """Where a delivery's rows are."""
    suffix = ".json" if room == REGISTER else ".parquet"
    return lake / room / feed / f"{sha256}{suffix}"


def ensure_lake(lake: Path) -> None:
    """Make the folders and the empty files that keep a search for `*/*.parquet` from failing."""
    for room in (*ROOMS, REGISTER):
        (lake / room).mkdir(parents=True, exist_ok=True)
    for room in ("responses", "invitations"):
        anchor = lake / room / "_none" / "empty.parquet"
        empty = _empty(ROOMS[room])
        if not anchor.is_file() or anchor.read_bytes() != empty:
            with replacing(anchor) as temporary:
                temporary.write_bytes(empty)


class Drafts:
    """The files of one delivery, written beside their places and moved there all at the end."""

    def __init__(self, lake: Path, feed: str, sha256: str) -> None:
        self._lake, self._feed, self._sha256 = lake, feed, sha256
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Drafts:
        return self

    def __exit__(self, *error: object) -> None:
        self.discard()

    def open(self, *rooms: str) -> None:
        """Begin the file of each of these rooms; it is empty until something is written."""
        for room in rooms:
            if room not in self._writers:
                draft = self._draft(room)
                draft.parent.mkdir(parents=True, exist_ok=True)
                self._writers[room] = _parquet_writer(draft, ROOMS[room])

    def write(self, room: str, rows: pa.Table) -> None:
        """Append rows to the file of a room."""
        self.open(room)
        if rows.num_rows:
            self._writers[room].write_table(rows)

    def discard(self) -> None:
        """Forget what was written so far."""
        writers, self._writers = self._writers, {}
        for room, parquet in writers.items():
            with suppress(OSError):
                parquet.close()
            self._draft(room).unlink(missing_ok=True)

    def commit(self) -> dict[str, str]:
        """Move the files to their places; give their paths in the lake with their checksums."""
        done = {}
        for room, parquet in sorted(self._writers.items()):
            parquet.close()
            target = lake_file(self._lake, room, self._feed, self._sha256)
            done[target.relative_to(self._lake).as_posix()] = file_sha256(self._draft(room))
            settle(self._draft(room))
            os.replace(self._draft(room), target)  # noqa: PTH105
            settle(target.parent)
        self._writers = {}
        return done

    def _draft(self, room: str) -> Path:
        target = lake_file(self._lake, room, self._feed, self._sha256)
        return target.with_name(target.name + TEMPORARY)


def encoded(schema: pa.Schema) -> pa.Schema:
    """Give the schema in which rows are handed to the writer; files read back as `schema`."""
    answers = schema.get_field_index("answers")
    return (
        schema
        if answers < 0
        else schema.set(answers, pa.field("answers", pa.list_(ENCODED_ANSWER)))
    )


def _empty(schema: pa.Schema) -> bytes:
    content = io.BytesIO()
    _parquet_writer(content, schema).close()
    return content.getvalue()


def _parquet_writer(path: Path | io.BytesIO, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, encoded(schema), compression="zstd", store_schema=False)
