"""The blueprint of supervision, what its templates share, and what it shows on vouchers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint

from finance.audit.present import address
from finance.audit.rules.findings import SEVERITY_NAMES, Severity
from finance.service.vouchers import label
from finance.supervision import present
from finance.supervision.powers import READ
from finance.supervision.rules import cases as rules
from finance.supervision.service import cases, notes
from finance.supervision.tables import Annotation
from finance.tables import BankLine, Contract, Voucher
from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.web import context

blueprint = Blueprint("supervision", __name__, url_prefix="/c/<community_code>/supervision")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        **present.words(),
        "severity_names": {str(key): name for key, name in SEVERITY_NAMES.items()},
        "severity_tag": lambda severity: {"high": "error", "medium": "warn"}.get(severity, "ink"),
        "link": lambda item: address("", context.community().code, item),
        "is_late": lambda case: cases.is_late(case, today(context.now())),
        "KIND_NAMES": rules.KIND_NAMES,
        "Kind": rules.Kind,
        "Severity": Severity,
    }


@blueprint.app_context_processor
def _on_vouchers() -> dict[str, Any]:
    """`supervision_notes(voucher)` for the voucher's page: what supervisors wrote beside it, for those inside."""
    return {"supervision_notes": _annotations}


def _annotations(voucher_id: str) -> Sequence[tuple[Annotation, str]]:
    if not context.may(READ):
        return ()
    session = context.reading()
    rows = notes.annotations(session, context.community().id, voucher_id)
    names = names_of(row.by for row in rows)
    return [(row, names[row.by]) for row in rows]


def names_of(people: Iterable[str | None]) -> Mapping[str, str]:
    """Names of whoever took steps, for those inside."""
    return accounts.names(context.reading(), {person for person in people if person is not None})


def evidence_of(about: str) -> tuple[dict[str, Any], ...]:
    """The voucher, bank line or contract that a link named (`voucher:…`), as a finding's evidence; nothing when nothing
    was named, NotFound for what is not here."""
    if not about:
        return ()
    kind, _, thing = about.partition(":")
    session, here = context.reading(), context.community().id
    item: dict[str, Any] = {"kind": kind, "id": thing, "number": None, "part": None}
    if kind == "voucher":
        voucher = get(session, Voucher, here, thing)
        item["label"] = f"{label(voucher)} {voucher.day.isoformat()}"
    elif kind == "bank_line":
        line = get(session, BankLine, here, thing)
        item["label"] = " ".join(filter(None, (line.day.isoformat(), line.summary, line.reference)))
    elif kind == "contract":
        contract = get(session, Contract, here, thing)
        item |= {"label": f"#{contract.number} {contract.title}", "number": contract.number}
    else:
        raise NotFound
    return (item,)
