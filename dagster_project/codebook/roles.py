"""What a column can be other than a question, per kind of feed.

Belongs here: the vocabulary that rows of `columns.csv` and `feeds.csv` may use. Does not belong
here: any header, question or feed.
"""

from __future__ import annotations

from collections.abc import Mapping

RESPONSES = "responses"
INVITATIONS = "invitations"

ROLES: Mapping[str, frozenset[str]] = {
    RESPONSES: frozenset(
        {
            "response_id",
            "organisation_code",
            "channel",
            "product_code",
            "contact_date",
            "year",
            "submitted_at",
            "invitation_id",
            "weight",
            "review",
            "tip",
        }
    ),
    INVITATIONS: frozenset(
        {
            "invitation_id",
            "batch_id",
            "organisation_code",
            "channel",
            "product_code",
            "method",
            "sent_at",
            "email",
            "status",
            "reminded_at",
        }
    ),
}
ALL_ROLES = frozenset().union(*ROLES.values())
DATE_ROLES = frozenset({"contact_date", "submitted_at", "sent_at", "reminded_at"})
TEXT_ROLES = frozenset({"review", "tip"})
"""Free text of respondents: kept apart, never published."""
CODE_ROLES = frozenset({"organisation_code", "channel", "product_code", "method", "status"})
"""Roles whose raw values a scale of kind `code` may translate."""
STATUSES = frozenset({"sent", "delivered", "undeliverable", "opted_out", "duplicate", "incomplete"})
"""Codes that the response funnel knows for an address; a duplicate one and one that lacks what it
takes are of the gross sample only: nobody was invited there."""
