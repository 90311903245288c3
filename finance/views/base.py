"""The blueprint of the books and the words its templates share."""

from datetime import date

from flask import Blueprint, request
from flask_babel import gettext

from finance.rules.charts import purpose_name
from finance.rules.contracts import (
    CHANGE_NAMES,
    FREQUENCY_NAMES,
    INVOICING_NAMES,
    METHOD_NAMES,
    ChangeKind,
    Frequency,
    Invoicing,
    Method,
)
from finance.rules.documents import DOCUMENT_KINDS
from finance.rules.life import STATE_NAMES, VoucherState
from finance.rules.matching import Proposal, Target
from finance.rules.moved import Moved
from finance.rules.periods import Quarter, month_text
from finance.rules.spans import Half, Month, Span, Year
from finance.rules.statements import OPEN_NAMES, OpenKind
from finance.service.vouchers import label
from hoa.kernel.clock import YEARS
from hoa.kernel.errors import N_, Refusal
from hoa.web.i18n import MONTHS, language, short_day

blueprint = Blueprint("finance", __name__, url_prefix="/c/<community_code>/books")


def month_name(month: int) -> str:
    """202609 as `2026年9月` or `September 2026`."""
    year, number = divmod(month, 100)
    return f"{MONTHS[number - 1]} {year}" if language() == "en" else f"{year}年{number}月"


def quarter_name(quarter: Quarter) -> str:
    """2026Q3 as `2026年第三季度` or `Q3 2026`."""
    if language() == "en":
        return f"Q{quarter.number} {quarter.year}"
    return f"{quarter.year}年第{'一二三四'[quarter.number - 1]}季度"


def short_quarter(quarter: Quarter) -> str:
    """2026Q3 as `第三季度` or `Q3`, where the year is plain."""
    return f"Q{quarter.number}" if language() == "en" else f"第{'一二三四'[quarter.number - 1]}季度"


def span_name(span: Span) -> str:
    """A period in words: `2026年第三季度`, `2026年度`, `2026年上半年`, `2026年9月`."""
    english = language() == "en"
    if isinstance(span, Quarter):
        return quarter_name(span)
    if isinstance(span, Month):
        return month_name(span.month)
    if isinstance(span, Year):
        return str(span.year) if english else f"{span.year}年度"
    half = span.number - 1
    return f"{('First', 'Second')[half]} half of {span.year}" if english else f"{span.year}年{'上下'[half]}半年"


def short_span(span: Span) -> str:
    """The same where the year is plain."""
    if isinstance(span, Quarter):
        return short_quarter(span)
    return span_name(span) if isinstance(span, Year | Half) else month_name(span.month)


def month_short(month: int) -> str:
    """202609 as `9月` or `Sep`, beside a picture."""
    return MONTHS[month % 100 - 1][:3] if language() == "en" else f"{month % 100}月"


def moved_text(row: Moved) -> str:
    """What changed under a publication, in the reader's language."""
    return str(gettext(row.message, **dict(row.params)))


def reasons(proposal: Proposal) -> str:
    """Why a proposal was made, in the reader's language."""
    return "，".join(str(gettext(reason.message, **dict(reason.params))) for reason in proposal.reasons)


def offer(proposal: Proposal) -> str:
    """What accepting a proposal does."""
    if proposal.target in (Target.VOUCHER, Target.SUM):
        return str(gettext("对上 %(label)s", label=proposal.label))
    if proposal.target is Target.DUE:
        return str(gettext("按合同“%(label)s”第 %(no)s 期记账", label=proposal.label, no=proposal.due_no))
    return str(gettext("像 %(label)s 那样记账", label=proposal.label))


@blueprint.context_processor
def words() -> dict[str, object]:
    """What every template of the books may say."""
    return {
        "purpose_name": lambda purpose: gettext(purpose_name(purpose)),
        "state_name": lambda state: gettext(STATE_NAMES[VoucherState(state)]),
        "frequency_name": lambda frequency: gettext(FREQUENCY_NAMES[Frequency(frequency)]),
        "document_kind": lambda kind: gettext(DOCUMENT_KINDS[kind]),
        "open_name": lambda kind: gettext(OPEN_NAMES[OpenKind(kind)]),
        "voucher_label": label,
        "month_name": month_name,
        "month_text": month_text,
        "quarter_name": quarter_name,
        "short_quarter": short_quarter,
        "short_day": short_day,
        "span_name": span_name,
        "short_span": short_span,
        "month_short": month_short,
        "moved_text": moved_text,
        "method_name": lambda method: gettext(METHOD_NAMES[Method(method)]),
        "invoicing_name": lambda invoicing: gettext(INVOICING_NAMES[Invoicing(invoicing)]),
        "change_name": lambda kind: gettext(CHANGE_NAMES[ChangeKind(kind)]),
        "reasons": reasons,
        "offer": offer,
    }


class DayUnread(Refusal):
    message = N_("“%(text)s”不是日期，请写成 2026-09-30 这样")


def given_day(name: str) -> date | None:
    """A day of the page's address; None when it names none."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise DayUnread(text=text[:20]) from None
    if found.year not in YEARS:
        raise DayUnread(text=text[:20])
    return found
