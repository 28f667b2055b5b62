"""The cell that the tests explain figures of."""

from __future__ import annotations

CELL = {
    "study": "nvvb",
    "organisation_code": "GM0637",
    "period": "2020Q4",
    "channel": "counter",
    "product_code": "all",
    "segment": "all",
    "segment_value": "all",
}
