"""Forms of a contract: what is signed (R4.3), and what changes it afterwards."""

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from finance.forms import resolution_choices
from finance.rules import contract_lines
from finance.rules.charts import SOURCES, USES
from finance.rules.contracts import (
    CHANGE_NAMES,
    FREQUENCY_NAMES,
    INVOICING_NAMES,
    METHOD_NAMES,
    ChangeKind,
    Direction,
    Frequency,
)
from finance.service.contract_changes import ChangeFields
from finance.service.contracts import ContractFields, ContractView
from hoa.kernel import money
from hoa.web.forms import Form, Parses, at_most, options, required

PURPOSES = {**SOURCES, **USES}
STEPS_HELP = lazy_gettext("一行一次：从哪天起每次多少钱，例如 2027-01-01 3300.00；不变就空着")
LISTED_HELP = lazy_gettext("只在“按列出的日子”时写，一行一期：日期和金额，例如 2026-03-31 5000.00")


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
    steps = TextAreaField(
        lazy_gettext("以后调整的价格"),
        validators=[Optional(), at_most(2000), Parses(contract_lines.steps)],
        description=STEPS_HELP,
    )
    listed = TextAreaField(
        lazy_gettext("列出每一期"),
        validators=[Optional(), at_most(8000), Parses(contract_lines.steps)],
        description=LISTED_HELP,
    )
    deposit = StringField(
        lazy_gettext("收了多少押金（元）"),
        default="0",
        validators=[required(), Parses(money.parse)],
        description=lazy_gettext("押金要退还，不算收益"),
    )
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    method = SelectField(lazy_gettext("选定方式"), validators=[Optional()])
    procurement = StringField(lazy_gettext("怎样选定对方"), validators=[Optional(), at_most(120)])
    quotes = TextAreaField(
        lazy_gettext("比过哪几家"),
        validators=[Optional(), at_most(2000), Parses(contract_lines.quotes)],
        description=lazy_gettext("一行一家：单位和总报价，例如 某某公司 12000.00"),
    )
    related_party = StringField(
        lazy_gettext("关联关系申报"),
        validators=[Optional(), at_most(200)],
        description=lazy_gettext("委员或其亲属与对方有关系的，写明；没有就空着"),
    )
    invoicing = SelectField(lazy_gettext("开票和计税"), validators=[Optional()])
    invoice_note = StringField(
        lazy_gettext("开票和计税的说明"),
        validators=[Optional(), at_most(200)],
        description=lazy_gettext("例如：由谁开票；免税的写明依据"),
    )
    file = FileField(lazy_gettext("合同扫描件"))

    def offer(self, session: Session, community_id: str) -> None:
        """Fill the lists with what this community has."""
        self.purpose.choices = [("", gettext("请选择"))] + [(code, gettext(name)) for code, name in PURPOSES.items()]
        self.resolution.choices = [("", gettext("没有决议")), *resolution_choices(session, community_id)]
        unsaid = [("", gettext("没有写明"))]
        self.method.choices = unsaid + [(str(key), gettext(name)) for key, name in METHOD_NAMES.items()]
        self.invoicing.choices = unsaid + [(str(key), gettext(name)) for key, name in INVOICING_NAMES.items()]

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
            method=self.method.data or "",
            quotes=contract_lines.quotes(self.quotes.data or ""),
            invoicing=self.invoicing.data or "",
            invoice_note=self.invoice_note.data or "",
            deposit_fen=money.parse(self.deposit.data or ""),
            steps=contract_lines.steps(self.steps.data or ""),
            listed=contract_lines.steps(self.listed.data or ""),
        )


class ChangeForm(Form):
    kind = RadioField(
        lazy_gettext("怎么变"),
        choices=options((str(key), lazy_gettext(name)) for key, name in CHANGE_NAMES.items()),
        validators=[required()],
    )
    effective_on = DateField(
        lazy_gettext("从哪天起"),
        validators=[Optional()],
        description=lazy_gettext("续签从到期的第二天起；提前终止的不用填"),
    )
    ends_on = DateField(
        lazy_gettext("到哪天为止"),
        validators=[required()],
        description=lazy_gettext("变更、续签后的到期日；提前终止的写最后一天"),
    )
    frequency = SelectField(
        lazy_gettext("多久收付一次"),
        choices=options((str(key), lazy_gettext(name)) for key, name in FREQUENCY_NAMES.items()),
    )
    first_due_on = DateField(lazy_gettext("第一次收付的日子"), validators=[Optional()])
    amount = StringField(lazy_gettext("每次金额（元）"), default="0", validators=[required(), Parses(money.parse)])
    steps = TextAreaField(
        lazy_gettext("以后调整的价格"),
        validators=[Optional(), at_most(2000), Parses(contract_lines.steps)],
        description=STEPS_HELP,
    )
    listed = TextAreaField(
        lazy_gettext("列出每一期"),
        validators=[Optional(), at_most(8000), Parses(contract_lines.steps)],
        description=LISTED_HELP,
    )
    reason = StringField(lazy_gettext("原因"), validators=[required(), at_most(200)])
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    file = FileField(lazy_gettext("补充协议扫描件"))

    def offer(self, session: Session, community_id: str) -> None:
        """Fill the list of decisions."""
        self.resolution.choices = [("", gettext("没有决议")), *resolution_choices(session, community_id)]

    def show(self, view: ContractView) -> None:
        """Begin with what holds now."""
        self.ends_on.data, self.frequency.data = view.ends_on, str(view.frequency)
        self.amount.data = money.plain(view.amount_fen)

    def fields(self) -> ChangeFields:
        """What was written, as the service takes it. The end of a contract is told by its last day alone."""
        assert self.ends_on.data is not None
        return ChangeFields(
            kind=ChangeKind(self.kind.data),
            effective_on=self.effective_on.data or self.ends_on.data,
            ends_on=self.ends_on.data,
            frequency=Frequency(self.frequency.data),
            first_due_on=self.first_due_on.data,
            amount_fen=money.parse(self.amount.data or ""),
            reason=self.reason.data or "",
            resolution_id=self.resolution.data or None,
            steps=contract_lines.steps(self.steps.data or ""),
            listed=contract_lines.steps(self.listed.data or ""),
        )
