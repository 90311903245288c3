"""Vouchers: writing them, their life, putting them right, and what they say."""

from finance.service.vouchers.correcting import reverse
from finance.service.vouchers.grounds import ResolutionNotInForce
from finance.service.vouchers.life import approve, post, post_approved, send_back, submit
from finance.service.vouchers.reading import (
    approvals_of,
    corrections_of,
    documents_of,
    label,
    label_of,
    lines_by_voucher,
    lines_of,
    number_of_vouchers,
    other_account,
    record_of,
    reversal_of,
    signed_fen,
    touches_bank,
    vouchers,
)
from finance.service.vouchers.writing import (
    NoSuchDue,
    PurposeDoesNotFit,
    ReasonNeeded,
    VoucherFields,
    discard,
    draft,
    revise,
)

__all__ = [
    "NoSuchDue",
    "PurposeDoesNotFit",
    "ReasonNeeded",
    "ResolutionNotInForce",
    "VoucherFields",
    "approvals_of",
    "approve",
    "corrections_of",
    "discard",
    "documents_of",
    "draft",
    "label",
    "label_of",
    "lines_by_voucher",
    "lines_of",
    "number_of_vouchers",
    "other_account",
    "post",
    "post_approved",
    "record_of",
    "reversal_of",
    "reverse",
    "revise",
    "send_back",
    "signed_fen",
    "submit",
    "touches_bank",
    "vouchers",
]
