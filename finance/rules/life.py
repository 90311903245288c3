"""The life of a voucher: draft → submitted → approved → posted, and who may take which step (会计法 25, 35;
R5.2–R5.5).

A posted voucher never changes. It is taken back by a red voucher that names it; it then shows as reversed because that
one exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.rules.ledger import VoucherKind
from hoa.kernel import money
from hoa.kernel.errors import N_, Refusal

# Kinds with another party on the other side of the table.
SIMPLE = frozenset({VoucherKind.RECEIPT, VoucherKind.PAYMENT})
# Kinds for which the bank's own line is the original document.
BANK_SLIP = frozenset({VoucherKind.RECEIPT, VoucherKind.TRANSFER, VoucherKind.DEPOSIT, VoucherKind.DRAWING})
WITHOUT_DOCUMENT = frozenset({VoucherKind.REVERSAL, VoucherKind.DIFFERENCE, VoucherKind.CLOSING})


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What the committee may decide alone (R2.11): fen in one payment, and in the calendar year (None: no such limit),
    of which `spent_fen` are gone. Nothing at all where the owners gave it no authority.
    """

    single_fen: int = 0
    yearly_fen: int | None = None
    spent_fen: int = 0


class VoucherState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    POSTED = "posted"


STATE_NAMES = {
    VoucherState.DRAFT: N_("草稿"),
    VoucherState.SUBMITTED: N_("等复核"),
    VoucherState.APPROVED: N_("已复核，等记账"),
    VoucherState.POSTED: N_("已记账"),
}


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a payment rests on: a resolution (and whether the owners' assembly made it), or a standing authority of the
    committee.
    """

    resolution_id: str | None = None
    by_assembly: bool = False
    authority: str = ""


class WrongState(Refusal):
    """The voucher is not where this step begins; the subclass says which step that was."""

    message = N_("凭证的状态已经变了，请刷新页面")
    status = 409


class NotADraft(WrongState):
    message = N_("凭证已经提交或记账，不能再改；要改请先让复核人退回，已记账的用红字凭证更正")


class NotSubmitted(WrongState):
    message = N_("凭证不在等复核，可能别人已经处理了；请刷新页面看它的最新状态")


class NotApproved(WrongState):
    message = N_("凭证还没有复核通过，或者已经记过账了；请刷新页面看它的最新状态")


class NotPosted(WrongState):
    message = N_("凭证还没有记账，直接修改草稿就可以")


NOT_AT = {
    VoucherState.DRAFT: NotADraft,
    VoucherState.SUBMITTED: NotSubmitted,
    VoucherState.APPROVED: NotApproved,
    VoucherState.POSTED: NotPosted,
}


class SamePerson(Refusal):
    message = N_("制单、复核、出纳不能是同一个人，请换一位来复核（会计法第二十五条）")


class ApprovedByYou(Refusal):
    message = N_("您已经复核过这张凭证；金额较大，还要另一位委员复核")
    status = 409


class CheckerPosts(Refusal):
    message = N_("复核人不能自己记账，请由制单人或另一位委员记账（会计法第二十五条）")


class CashierKeepsBooks(Refusal):
    message = N_("出纳不能制单、复核或登记收支账目（会计法第三十五条），请由财务委员来做")


class NoGrounds(Refusal):
    message = N_("这笔支出没有写明依据：请选一项决议，或写明委员会的常规授权")


class AssemblyNeeded(Refusal):
    message = N_("%(amount)s 超过业主委员会单笔 %(limit)s 的权限，须引用业主大会的决议")


class NoAuthority(Refusal):
    message = N_(
        "业主大会没有授权业主委员会自行决定支出，%(amount)s 须引用业主大会的决议；有授权的，请先在“授权限额”里登记"
    )


class YearUsedUp(Refusal):
    message = N_(
        "业主委员会自行决定的支出全年不超过 %(limit)s，今年已用 %(spent)s，"
        "再加 %(amount)s 就超过了，须引用业主大会的决议"
    )


class DocumentNeeded(Refusal):
    message = N_("还没有原始凭证：请上传发票或收据，收款可先对上银行流水")


class TransferNeedsAssembly(Refusal):
    message = N_("公共收益转入工作经费由业主大会决定，请选一项业主大会的决议")


class AmountNeeded(Refusal):
    message = N_("金额必须大于零")


class SummaryNeeded(Refusal):
    message = N_("请写明摘要和对方单位")


class NotYetHappened(Refusal):
    message = N_("凭证日期 %(day)s 还没有到，请改成业务发生的日期")


class ReversalReversed(Refusal):
    message = N_("红字凭证和期初凭证不能再冲销；请补做一张正确的凭证")


class AlreadyReversed(Refusal):
    message = N_("这张凭证已经被 %(number)s 冲销")
    status = 409


def require_state(state: VoucherState, *allowed: VoucherState) -> None:
    """Refuse a step that the voucher's state does not allow."""
    if state not in allowed:
        raise NOT_AT[allowed[0]]


def check_grounds(*, amount_fen: int, allowance: Allowance, grounds: Grounds) -> None:
    """A payment up to the committee's limits needs a resolution or a standing authority, above them the assembly's
    resolution (R2.11).
    """
    if not grounds.by_assembly:
        _check_allowance(amount_fen, allowance)
    if not grounds.resolution_id and not grounds.authority.strip():
        raise NoGrounds


def _check_allowance(amount_fen: int, allowance: Allowance) -> None:
    amount = money.show(amount_fen)
    if not allowance.single_fen:
        raise NoAuthority(amount=amount)
    if amount_fen > allowance.single_fen:
        raise AssemblyNeeded(amount=amount, limit=money.show(allowance.single_fen))
    if allowance.yearly_fen is not None and allowance.spent_fen + amount_fen > allowance.yearly_fen:
        spent, limit = money.show(allowance.spent_fen), money.show(allowance.yearly_fen)
        raise YearUsedUp(amount=amount, spent=spent, limit=limit)


def check_ready(
    *,
    kind: VoucherKind,
    amount_fen: int,
    spent_fen: int,
    day: date,
    today: date,
    summary: str,
    party: str,
    documents: int,
    matched: bool,
    grounds: Grounds,
    allowance: Allowance,
    corrects: bool = False,
) -> None:
    """What a voucher must have before a second person looks at it (R5.2): closing and correcting ones need no original
    document. `matched`: it stands against a bank line, which is an original document of money received or moved
    between the fund's own accounts. `spent_fen` is what leaves the fund.
    """
    if kind in SIMPLE and amount_fen <= 0:
        raise AmountNeeded
    if not summary.strip() or (not party.strip() and kind in SIMPLE):
        raise SummaryNeeded
    if day > today:
        raise NotYetHappened(day=day.isoformat())
    if kind is VoucherKind.TRANSFER:
        if not grounds.by_assembly:
            raise TransferNeedsAssembly
    elif spent_fen > 0:
        check_grounds(amount_fen=spent_fen, allowance=allowance, grounds=grounds)
    at_bank = matched and kind in BANK_SLIP
    if not (documents > 0 or at_bank or corrects or kind in WITHOUT_DOCUMENT):
        raise DocumentNeeded


def approvals_needed(spent_fen: int, steps: Sequence[int]) -> int:
    """One, and one more for every step that what is spent is above; a step of zero is no step."""
    return 1 + sum(1 for step in steps if step and spent_fen > step)


def check_separation(*, maker_id: str, checker_ids: Sequence[str], poster_id: str | None = None) -> None:
    """Maker ≠ checkers, each checker another person, and no checker posts what he let through (会计法 25)."""
    if maker_id in checker_ids:
        raise SamePerson
    if len(set(checker_ids)) < len(checker_ids):
        raise ApprovedByYou
    if poster_id is not None and poster_id in checker_ids:
        raise CheckerPosts
