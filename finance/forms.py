"""Forms of the books that more than one page uses."""

from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.validators import Optional

from finance.rules.charts import ACCOUNT_KINDS, BANK_ROLES, CASH_ROLES, SOURCES, USES, WORK
from finance.rules.contracts import DueState
from finance.rules.documents import DOCUMENT_KINDS
from finance.rules.ledger import MEANS_NAMES, Means, VoucherKind
from finance.service import contracts
from finance.service.books import chart_of
from finance.service.vouchers import VoucherFields
from finance.tables import Book
from hoa.kernel import money
from hoa.resolutions import service as resolutions
from hoa.web.forms import Form, Parses, at_most, options, required


class VoucherForm(Form):
    kind = RadioField(
        lazy_gettext("收款还是付款"),
        choices=options([("receipt", lazy_gettext("收款")), ("payment", lazy_gettext("付款"))]),
        validators=[required()],
    )
    day = DateField(
        lazy_gettext("日期"), validators=[required()], description=lazy_gettext("业务发生的日期，一般与银行流水相同")
    )
    amount = StringField(lazy_gettext("金额（元）"), validators=[required(), Parses(money.parse)])
    party = StringField(lazy_gettext("对方"), validators=[required(), at_most(80)])
    party_is_person = BooleanField(lazy_gettext("对方是个人，公示时遮住名字"))
    summary = StringField(
        lazy_gettext("摘要"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("别人一看就懂：为了什么，哪里，哪段时间"),
    )
    means = RadioField(
        lazy_gettext("怎样收付"),
        choices=options([(str(key), lazy_gettext(name)) for key, name in MEANS_NAMES.items()]),
        default=str(Means.BANK),
        validators=[required()],
    )
    purpose = SelectField(lazy_gettext("来源或用途"), validators=[required()])
    account = SelectField(lazy_gettext("科目"), validators=[required()])
    contract = SelectField(lazy_gettext("哪份合同"), validators=[Optional()])
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    grounds = StringField(
        lazy_gettext("没有单独决议时的依据"),
        validators=[Optional(), at_most(200)],
        description=lazy_gettext("例如：业主委员会常规授权，议事规则第几条"),
    )
    invoice_no = StringField(lazy_gettext("发票号码"), validators=[Optional(), at_most(60)])

    def offer(self, session: Session, community_id: str, *, day: date, book: Book) -> None:
        """Fill the lists with what this community has. The trust fund asks for a source or use and a contract, the work
        fund for an account.
        """
        self.book = book.kind
        self.resolution.choices = options([("", gettext("没有决议")), *resolution_choices(session, community_id)])
        if book.kind == WORK:
            del self.purpose, self.contract
            self.account.choices = account_choices(book, without_money=True)
            return
        del self.account
        self.purpose.choices = [
            *options([("", gettext("请选择"))]),
            *options(((code, gettext(name)) for code, name in SOURCES.items()), group=gettext("收入来源")),
            *options(((code, gettext(name)) for code, name in USES.items()), group=gettext("用途")),
        ]
        self.contract.choices = options([("", gettext("没有合同")), *_contract_choices(session, community_id, day)])

    def show(self, voucher: VoucherFields) -> None:
        """Put what is written already into the fields."""
        self.means.data = str(voucher.means)
        self.kind.data, self.day.data = str(voucher.kind), voucher.day
        self.amount.data = money.plain(voucher.amount_fen)
        self.party.data, self.party_is_person.data = voucher.party, voucher.party_is_person
        self.summary.data = voucher.summary
        if self.book == WORK:
            self.account.data = voucher.account or ""
        else:
            self.purpose.data = voucher.purpose or ""
            suffix = f":{voucher.due_no}" if voucher.due_no is not None else ""
            self.contract.data = (voucher.contract_id or "") + suffix
        self.resolution.data, self.grounds.data = voucher.resolution_id or "", voucher.grounds
        self.invoice_no.data = voucher.invoice_no

    def fields(self) -> VoucherFields:
        """What was written, as the service takes it."""
        in_trust = self.book != WORK
        contract_id, _, due_no = ((self.contract.data if in_trust else "") or "").partition(":")
        assert self.day.data is not None
        return VoucherFields(
            kind=VoucherKind(self.kind.data),
            day=self.day.data,
            summary=self.summary.data or "",
            party=self.party.data or "",
            party_is_person=bool(self.party_is_person.data),
            amount_fen=money.parse(self.amount.data or ""),
            purpose=(self.purpose.data or None) if in_trust else None,
            account=None if in_trust else self.account.data or None,
            book=self.book,
            means=Means(self.means.data),
            invoice_no=self.invoice_no.data or "",
            contract_id=contract_id or None,
            due_no=int(due_no) if due_no else None,
            resolution_id=self.resolution.data or None,
            grounds=self.grounds.data or "",
        )


def account_choices(book: Book, *, without_money: bool = False) -> list[Any]:
    """The accounts of a fund that entries are written to, under the headings of the chart."""
    chart = chart_of(book)
    money_codes = {chart.by_role(roles[book.kind]).code for roles in (BANK_ROLES, CASH_ROLES)}
    found = [*options([("", gettext("请选择"))])]
    for kind, name in ACCOUNT_KINDS.items():
        own = [account for account in chart.leaves(book.kind) if account.kind == kind]
        pairs = (
            (account.code, f"{account.code} {chart.full_name(account.code)}")
            for account in own
            if not (without_money and account.code in money_codes)
        )
        found += options(pairs, group=gettext(name))
    return found


def _contract_choices(session: Session, community_id: str, day: date) -> list[tuple[str, str]]:
    choices: list[tuple[str, str]] = []
    for view in contracts.views(session, community_id, today=day):
        name = gettext("合同 %(number)s %(title)s", number=view.contract.number, title=view.contract.title)
        choices.append((view.contract.id, name))
        choices += [
            (
                f"{view.contract.id}:{status.due.no}",
                gettext(
                    "%(name)s · 第 %(no)s 期 %(day)s %(amount)s%(done)s",
                    name=name,
                    no=status.due.no,
                    day=status.due.day.isoformat(),
                    amount=money.show(status.due.amount_fen),
                    done=gettext("（已收付）") if status.state is DueState.SETTLED else "",
                ),
            )
            for status in view.dues
        ]
    return choices


def resolution_choices(session: Session, community_id: str) -> list[tuple[str, str]]:
    return [
        (row.id, f"{row.decided_on.isoformat()} {row.title}") for row in resolutions.resolutions(session, community_id)
    ]


class DocumentForm(Form):
    file = FileField(lazy_gettext("发票、收据或照片"))
    kind = SelectField(
        lazy_gettext("种类"), choices=options((kind, lazy_gettext(name)) for kind, name in DOCUMENT_KINDS.items())
    )


class ReasonForm(Form):
    reason = StringField(lazy_gettext("原因"), validators=[required(), at_most(200)])


class ReverseForm(ReasonForm):
    day = DateField(
        lazy_gettext("冲销日期"), validators=[required()], description=lazy_gettext("要在还没有结账的月份里")
    )
