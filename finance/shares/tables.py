"""Budgets, runs with their lists and payments, allowances and top-ups. What was listed, paid, returned, claimed or
certified never changes (0024_shares); a list that is made anew is another version beside the old one.

A voucher's id is kept without a foreign key, because a draft may be thrown away: then the payment it was to book did
not happen, and whoever was on it is payable again.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, CommunityRow


def _to(table: str, column: str, name: str) -> ForeignKeyConstraint:
    """A reference inside the community."""
    return ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"], name=f"fk_{name}")


class Budget(CommunityRow, Base):
    """预算 of a fund for a year. A draft has no `version`; a resolution gives it the next one, and it holds until the
    next version does.
    """

    __tablename__ = "budget"
    __table_args__ = (
        UniqueConstraint("community_id", "book_id", "year", "version", name="uq_budget_version"),
        _to("finance_book", "book_id", "budget_book"),
        _to("resolution", "resolution_id", "budget_resolution"),
    )

    book_id: Mapped[str]
    year: Mapped[int]
    version: Mapped[int | None]
    note: Mapped[str] = mapped_column(default="")
    resolution_id: Mapped[str | None]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    adopted_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    adopted_at: Mapped[datetime | None]


class BudgetItem(CommunityRow, Base):
    """A line of a budget: planned fen for the account with this role."""

    __tablename__ = "budget_item"
    __table_args__ = (
        UniqueConstraint("community_id", "budget_id", "role", name="uq_budget_item_role"),
        _to("budget", "budget_id", "budget_item_budget"),
    )

    budget_id: Mapped[str]
    no: Mapped[int]
    role: Mapped[str]
    planned_fen: Mapped[int]
    note: Mapped[str] = mapped_column(default="")


class ShareRun(CommunityRow, Base):
    """One distribution (分配) or fee subsidy (冲抵物业费), `number` within its year. Amounts in fen, areas in 0.01 m².

    `quote`, `percent`, `base_on`, `base_fen` say by which rule of the resolution the amount came about. `list_hash` is
    over the canonical list of `list_version`; `document_id` is that list as PDF for those who pay, `public_id` the one
    without names.
    """

    __tablename__ = "share_run"
    __table_args__ = (
        UniqueConstraint("community_id", "year", "number", name="uq_share_run_number"),
        _to("resolution", "resolution_id", "share_run_resolution"),
        _to("finance_document", "document_id", "share_run_document"),
        _to("finance_document", "public_id", "share_run_public"),
    )

    kind: Mapped[str]
    year: Mapped[int]
    number: Mapped[int]
    title: Mapped[str]
    payee: Mapped[str]
    resolution_id: Mapped[str]
    quote: Mapped[str] = mapped_column(default="")
    percent: Mapped[int | None]
    base_on: Mapped[date | None]
    base_fen: Mapped[int | None]
    total_fen: Mapped[int]
    record_on: Mapped[date]
    state: Mapped[str]
    list_version: Mapped[int] = mapped_column(default=0)
    list_hash: Mapped[str | None]
    area: Mapped[int | None]
    document_id: Mapped[str | None]
    public_id: Mapped[str | None]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    listed_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    listed_at: Mapped[datetime | None]
    checked_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]
    dropped_because: Mapped[str] = mapped_column(default="")


class ShareChoice(CommunityRow, Base):
    """What a run says of one unit before its list is frozen: left out (`excluded_because`), or whom the co-owners
    named. `basis` quotes the resolution or the paper.
    """

    __tablename__ = "share_choice"
    __table_args__ = (
        UniqueConstraint("community_id", "run_id", "unit_id", name="uq_share_choice_unit"),
        _to("share_run", "run_id", "share_choice_run"),
        _to("unit", "unit_id", "share_choice_unit"),
        _to("owner", "payee_id", "share_choice_payee"),
    )

    run_id: Mapped[str]
    unit_id: Mapped[str]
    excluded: Mapped[bool] = mapped_column(default=False)
    payee_id: Mapped[str | None]
    basis: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class ShareLine(CommunityRow, Base):
    """A unit on a frozen list."""

    __tablename__ = "share_line"
    __table_args__ = (
        UniqueConstraint("community_id", "run_id", "version", "no", name="uq_share_line_no"),
        _to("share_run", "run_id", "share_line_run"),
        _to("unit", "unit_id", "share_line_unit"),
    )

    run_id: Mapped[str]
    version: Mapped[int]
    no: Mapped[int]
    unit_id: Mapped[str]
    code: Mapped[str]
    label: Mapped[str]
    area: Mapped[int]
    amount_fen: Mapped[int]
    floor_fen: Mapped[int]
    excluded_because: Mapped[str]


class SharePart(CommunityRow, Base):
    """What one payee of a unit gets; `owner_id` None: the co-owners have named nobody yet."""

    __tablename__ = "share_part"
    __table_args__ = (
        UniqueConstraint("community_id", "line_id", "no", name="uq_share_part_no"),
        Index("ix_share_part_owner", "community_id", "owner_id"),
        _to("share_line", "line_id", "share_part_line"),
        _to("owner", "owner_id", "share_part_owner"),
    )

    line_id: Mapped[str]
    no: Mapped[int]
    owner_id: Mapped[str | None]
    name: Mapped[str]
    share: Mapped[str]
    amount_fen: Mapped[int]


class ShareClaim(CommunityRow, Base):
    """Who receives a part after all, for which the list named nobody; `basis` is the paper it rests on. `by_id` wrote
    it down, the ShareNaming says who confirmed it.
    """

    __tablename__ = "share_claim"
    __table_args__ = (
        UniqueConstraint("community_id", "part_id", name="uq_share_claim_part"),
        _to("share_part", "part_id", "share_claim_part"),
        _to("owner", "owner_id", "share_claim_owner"),
    )

    part_id: Mapped[str]
    owner_id: Mapped[str]
    basis: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class ShareNaming(CommunityRow, Base):
    """A payee written down by hand, until a second person confirms it (then there is a ShareClaim) or sends it back
    with `refused_because`. Only the decision is added, once.
    """

    __tablename__ = "share_naming"
    __table_args__ = (
        Index("ix_share_naming_part", "community_id", "part_id"),
        _to("share_part", "part_id", "share_naming_part"),
        _to("owner", "owner_id", "share_naming_owner"),
    )

    part_id: Mapped[str]
    owner_id: Mapped[str]
    basis: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    decided_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    refused_because: Mapped[str]


class ShareAccount(CommunityRow, Base):
    """The account an owner wants to be paid into, given by the owner. The number is sealed through the keys port; the
    one without `ended_at` holds.
    """

    __tablename__ = "share_account"
    __table_args__ = (
        Index("ix_share_account_owner", "community_id", "owner_id"),
        _to("owner", "owner_id", "share_account_owner"),
    )

    owner_id: Mapped[str]
    bank: Mapped[str]
    sealed: Mapped[bytes]
    given_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ShareBatch(CommunityRow, Base):
    """One order to the bank under a run: one voucher, one payment file, whose SHA-256 is kept."""

    __tablename__ = "share_batch"
    __table_args__ = (
        UniqueConstraint("community_id", "run_id", "no", name="uq_share_batch_no"),
        Index("ix_share_batch_voucher", "community_id", "voucher_id"),
        _to("share_run", "run_id", "share_batch_run"),
    )

    run_id: Mapped[str]
    no: Mapped[int]
    total_fen: Mapped[int]
    voucher_id: Mapped[str]
    file_sha256: Mapped[str]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class SharePayout(CommunityRow, Base):
    """A part in a batch, with the account it goes to (None: through the property company)."""

    __tablename__ = "share_payout"
    __table_args__ = (
        UniqueConstraint("community_id", "batch_id", "part_id", name="uq_share_payout_part"),
        Index("ix_share_payout_part", "community_id", "part_id"),
        _to("share_batch", "batch_id", "share_payout_batch"),
        _to("share_part", "part_id", "share_payout_part"),
        _to("share_account", "account_id", "share_payout_account"),
    )

    batch_id: Mapped[str]
    part_id: Mapped[str]
    account_id: Mapped[str | None]
    amount_fen: Mapped[int]


class ShareReturn(CommunityRow, Base):
    """退票: the bank gave a payment back; the voucher that takes the money in again."""

    __tablename__ = "share_return"
    __table_args__ = (
        Index("ix_share_return_payout", "community_id", "payout_id"),
        _to("share_payout", "payout_id", "share_return_payout"),
    )

    payout_id: Mapped[str]
    reason: Mapped[str]
    voucher_id: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class TopUpTerm(CommunityRow, Base):
    """What was decided or stated about a year's top-up of the maintenance fund; the latest row of a year holds."""

    __tablename__ = "topup_term"
    __table_args__ = (_to("resolution", "resolution_id", "topup_term_resolution"),)

    year: Mapped[int]
    percent: Mapped[int | None]
    fund_low: Mapped[bool | None]
    resolution_id: Mapped[str | None]
    note: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class TopUpCertificate(CommunityRow, Base):
    """The maintenance fund centre's paper: so much arrived, on that day, for that year."""

    __tablename__ = "topup_certificate"
    __table_args__ = (_to("finance_document", "document_id", "topup_certificate_document"),)

    year: Mapped[int]
    amount_fen: Mapped[int]
    day: Mapped[date]
    document_id: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class AllowanceStandard(CommunityRow, Base):
    """津贴标准: so many fen a month for a post (`owners_committee.chair`), by the assembly's resolution. `until_on`
    may be set once, when it ends.
    """

    __tablename__ = "allowance_standard"
    __table_args__ = (_to("resolution", "resolution_id", "allowance_standard_resolution"),)

    post: Mapped[str]
    monthly_fen: Mapped[int]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    resolution_id: Mapped[str]
    set_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]


class AllowanceRun(CommunityRow, Base):
    """The allowances of one month (202609): listed, checked by another member, paid from the work fund."""

    __tablename__ = "allowance_run"
    __table_args__ = (
        Index("ix_allowance_run_month", "community_id", "month"),
        _to("finance_document", "document_id", "allowance_run_document"),
    )

    month: Mapped[int]
    state: Mapped[str]
    total_fen: Mapped[int]
    list_hash: Mapped[str]
    document_id: Mapped[str | None]
    voucher_id: Mapped[str | None]
    made_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    checked_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]


class AllowanceEntry(CommunityRow, Base):
    """One person's allowance for one post in a month; `taxed` when income tax on services is to be withheld."""

    __tablename__ = "allowance_entry"
    __table_args__ = (
        UniqueConstraint("community_id", "run_id", "no", name="uq_allowance_entry_no"),
        _to("allowance_run", "run_id", "allowance_entry_run"),
    )

    run_id: Mapped[str]
    no: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    post: Mapped[str]
    days: Mapped[int]
    standard_fen: Mapped[int]
    amount_fen: Mapped[int]
    taxed: Mapped[bool]


class FeeItem(CommunityRow, Base):
    """What the property fee covers by the property service contract (`words`: how such work is called on vouchers), so
    that the same work is not charged to the common revenue (F21).
    """

    __tablename__ = "fee_item"

    title: Mapped[str]
    words: Mapped[str]
    company: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
