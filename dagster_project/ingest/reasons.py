"""Why a row is not accepted: the fixed codes, each with one line for people.

Belongs here: the codes and what they mean. Does not belong here: when they apply; that is
`schema.py`, `duplicates.py` and the readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """A reason code as it stands in quarantine, in the register and in `kto status`."""

    MISSING_REQUIRED = "missing_required"
    BAD_TYPE = "bad_type"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_ORGANISATION = "unknown_organisation"
    UNKNOWN_PRODUCT = "unknown_product"
    CONTACT_IN_FUTURE = "contact_in_future"
    SUBMITTED_BEFORE_CONTACT = "submitted_before_contact"
    DUPLICATE_IN_DELIVERY = "duplicate_in_delivery"
    MALFORMED_ROW = "malformed_row"
    DELIVERY_REJECTED = "delivery_rejected"

    @property
    def explanation(self) -> str:
        """One line that says what the code means."""
        return EXPLANATIONS[self]


EXPLANATIONS: Mapping[Reason, str] = {
    Reason.MISSING_REQUIRED: "a required column is empty in this row",
    Reason.BAD_TYPE: "a value is not of the kind its column asks for: a number, a date, an id",
    Reason.OUT_OF_RANGE: "a number or a date lies outside what the codebook allows",
    Reason.UNKNOWN_CODE: "a value is not one of the codes that the codebook lists for its column",
    Reason.UNKNOWN_ORGANISATION: "the organisation is not in the codebook, or not on that date",
    Reason.UNKNOWN_PRODUCT: "the product is not in the codebook",
    Reason.CONTACT_IN_FUTURE: "the contact is later than the day on which the delivery came",
    Reason.SUBMITTED_BEFORE_CONTACT: "the questionnaire was filled in before the contact",
    Reason.DUPLICATE_IN_DELIVERY: "the same id stands in another row of the same delivery",
    Reason.MALFORMED_ROW: "the row has too few or too many fields, a NUL byte or a field over 1 MB",
    Reason.DELIVERY_REJECTED: "the row itself is good, but too many others of its delivery are not",
}
