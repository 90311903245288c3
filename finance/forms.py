"""Forms of the books that more than one page uses."""

from datetime import date

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.validators import Optional

from finance.rules.charts import SOURCES, USES
from finance.rules.contracts import FREQUENCY_NAMES, Direction, DueState, Frequency
from finance.rules.documents import DOCUMENT_KINDS
from finance.rules.ledger import VoucherKind
from finance.service import contracts
from finance.service.contracts import ContractFields
from finance.service.vouchers import VoucherFields
from finance.tables import Voucher
from hoa.kernel import money
from hoa.resolutions import service as resolutions
from hoa.web.forms import Form, Parses, at_most, options, required

PURPOSES = {**SOURCES, **USES}


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
    purpose = SelectField(lazy_gettext("来源或用途"), validators=[required()])
    contract = SelectField(lazy_gettext("哪份合同"), validators=[Optional()])
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    grounds = StringField(
        lazy_gettext("没有单独决议时的依据"),
        validators=[Optional(), at_most(200)],
        description=lazy_gettext("例如：业主委员会常规授权，议事规则第几条"),
    )
    invoice_no = StringField(lazy_gettext("发票号码"), validators=[Optional(), at_most(60)])

    def offer(self, session: Session, community_id: str, *, day: date) -> None:
        """Fill the lists with what this community has."""
        self.purpose.choices = [
            *options([("", gettext("请选择"))]),
            *options(((code, gettext(name)) for code, name in SOURCES.items()), group=gettext("收入来源")),
            *options(((code, gettext(name)) for code, name in USES.items()), group=gettext("用途")),
        ]
        self.contract.choices = options([("", gettext("没有合同")), *_contract_choices(session, community_id, day)])
        self.resolution.choices = options([("", gettext("没有决议")), *_resolution_choices(session, community_id)])

    def show(self, voucher: Voucher | VoucherFields) -> None:
        """Put what is written already into the fields."""
        self.kind.data, self.day.data = str(voucher.kind), voucher.day
        self.amount.data = money.plain(voucher.amount_fen)
        self.party.data, self.party_is_person.data = voucher.party, voucher.party_is_person
        self.summary.data, self.purpose.data = voucher.summary, voucher.purpose or ""
        suffix = f":{voucher.due_no}" if voucher.due_no is not None else ""
        self.contract.data = (voucher.contract_id or "") + suffix
        self.resolution.data, self.grounds.data = voucher.resolution_id or "", voucher.grounds
        self.invoice_no.data = voucher.invoice_no

    def fields(self) -> VoucherFields:
        """What was written, as the service takes it."""
        contract_id, _, due_no = (self.contract.data or "").partition(":")
        assert self.day.data is not None
        return VoucherFields(
            kind=VoucherKind(self.kind.data),
            day=self.day.data,
            summary=self.summary.data or "",
            party=self.party.data or "",
            party_is_person=bool(self.party_is_person.data),
            amount_fen=money.parse(self.amount.data or ""),
            purpose=self.purpose.data or None,
            invoice_no=self.invoice_no.data or "",
            contract_id=contract_id or None,
            due_no=int(due_no) if due_no else None,
            resolution_id=self.resolution.data or None,
            grounds=self.grounds.data or "",
        )


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


def _resolution_choices(session: Session, community_id: str) -> list[tuple[str, str]]:
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


class ContractForm(Form):
    direction = RadioField(
        lazy_gettext("收钱还是付钱"),
        choices=options(
            [
                ("income", lazy_gettext("收钱：利用共有部分经营")),
                ("spending", lazy_gettext("付钱：请人做事或买东西")),
            ]
        ),
        validators=[required()],
    )
    title = StringField(lazy_gettext("合同名称"), validators=[required(), at_most(80)])
    party = StringField(lazy_gettext("对方单位"), validators=[required(), at_most(80)])
    common_part = StringField(
        lazy_gettext("利用哪处共有部分"),
        validators=[Optional(), at_most(120)],
        description=lazy_gettext("例如：1–6 幢电梯轿厢"),
    )
    purpose = SelectField(lazy_gettext("来源或用途"), validators=[required()])
    starts_on = DateField(lazy_gettext("开始日"), validators=[required()])
    ends_on = DateField(lazy_gettext("到期日"), validators=[required()])
    frequency = SelectField(
        lazy_gettext("多久收付一次"),
        choices=options((str(key), lazy_gettext(name)) for key, name in FREQUENCY_NAMES.items()),
    )
    first_due_on = DateField(lazy_gettext("第一次收付的日子"), validators=[required()])
    amount = StringField(
        lazy_gettext("每次金额（元）"),
        default="0",
        validators=[required(), Parses(money.parse)],
        description=lazy_gettext("按实际发生的写 0"),
    )
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    procurement = StringField(lazy_gettext("怎样选定对方"), validators=[Optional(), at_most(120)])
    related_party = StringField(
        lazy_gettext("关联关系申报"),
        validators=[Optional(), at_most(200)],
        description=lazy_gettext("委员或其亲属与对方有关系的，写明；没有就空着"),
    )
    file = FileField(lazy_gettext("合同扫描件"))

    def offer(self, session: Session, community_id: str) -> None:
        """Fill the lists with what this community has."""
        self.purpose.choices = [("", gettext("请选择"))] + [(code, gettext(name)) for code, name in PURPOSES.items()]
        self.resolution.choices = [("", gettext("没有决议")), *_resolution_choices(session, community_id)]

    def fields(self) -> ContractFields:
        """What was written, as the service takes it."""
        assert self.starts_on.data is not None
        assert self.ends_on.data is not None
        assert self.first_due_on.data is not None
        return ContractFields(
            direction=Direction(self.direction.data),
            title=self.title.data or "",
            common_part=self.common_part.data or "",
            party=self.party.data or "",
            purpose=self.purpose.data or "",
            frequency=Frequency(self.frequency.data),
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            first_due_on=self.first_due_on.data,
            amount_fen=money.parse(self.amount.data or ""),
            resolution_id=self.resolution.data or None,
            procurement=self.procurement.data or "",
            related_party=self.related_party.data or "",
        )
