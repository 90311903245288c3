"""The form by which a meeting is called: a fixed number of rows for the agenda, so that it needs no script."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import gettext, lazy_gettext
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import Optional

from hoa.kernel import money
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions.chain import Waiting
from hoa.resolutions.meetings import rules
from hoa.resolutions.meetings.rules import Item, ItemKind, Kind
from hoa.web.forms import Form, at_most, options, required

ROWS = 6


class BadDay(Refusal):
    message: ClassVar[str] = N_("第 %(no)s 项的有效期不是一个日期，请照“2026-12-31”的样子填写")


class ItemForm(Form):
    """One row of the agenda; a row without a title is not there."""

    class Meta(Form.Meta):
        csrf = False

    title = StringField(lazy_gettext("标题"))
    kind = SelectField(lazy_gettext("类别"))
    text = TextAreaField(
        lazy_gettext("内容"), description=lazy_gettext("需要决定的，写明要通过的决定全文，表决的就是这段话")
    )
    secret = BooleanField(lazy_gettext("无记名表决"))
    limit = StringField(lazy_gettext("授权支出上限（元）"), description=lazy_gettext("不涉及支出就留空"))
    valid_until = StringField(lazy_gettext("决定的有效期至"))
    not_reserved = StringField(
        lazy_gettext("为什么不属于业主大会的事项"),
        description=lazy_gettext("系统提示可能属于业主共同决定的事项时填写，会公开"),
    )
    # The topic that this item was proposed by (hoa/resolutions/chain.py).
    topic = HiddenField()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.kind.choices = options((kind, gettext(title)) for kind, title in rules.ITEM_TITLES.items())

    def item(self, no: int) -> Item:
        try:
            until = date.fromisoformat(self.valid_until.data) if self.valid_until.data else None
        except ValueError:
            raise BadDay(no=no) from None
        return Item(
            kind=ItemKind(self.kind.data),
            title=self.title.data or "",
            text=(self.text.data or "").replace("\r\n", "\n"),
            secret=bool(self.secret.data),
            limit_fen=money.parse(self.limit.data) if self.limit.data else None,
            valid_until=until,
            not_reserved=self.not_reserved.data or "",
        )


class CallForm(Form):
    kind = SelectField(lazy_gettext("会议"))
    day = DateField(lazy_gettext("日期"), validators=[required()])
    time = TimeField(lazy_gettext("时间"), validators=[required()])
    place = StringField(lazy_gettext("地点"), validators=[required(), at_most(80)])
    reason = StringField(
        lazy_gettext("临时召开的原因"),
        validators=[at_most(200)],
        description=lazy_gettext("来不及提前公告议程的临时会议要写，会写进会议记录"),
    )
    seats = IntegerField(
        lazy_gettext("业主委员会的席数"),
        validators=[Optional()],
        description=lazy_gettext("选举时确定的名额，空缺也算；过半数按席数计算"),
    )
    items = FieldList(FormField(ItemForm), min_entries=ROWS, max_entries=ROWS)

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.kind.choices = options((kind, gettext(title)) for kind, title in rules.KIND_TITLES.items())

    @property
    def starts_at(self) -> datetime:
        assert self.day.data is not None
        assert self.time.data is not None
        return datetime.combine(self.day.data, self.time.data, CHINA)

    def agenda(self) -> list[Item]:
        """The rows that say something, in order."""
        return [row.form.item(no) for no, row in enumerate(self.items, 1) if row.form.title.data or row.form.text.data]

    def topics(self) -> list[str]:
        """The topics of the rows that say something, in the order of the agenda; empty where there is none."""
        return [row.form.topic.data or "" for row in self.items if row.form.title.data or row.form.text.data]

    def begin_with(self, topics: Sequence[Waiting]) -> None:
        """Fill the first rows with what waits for the committee."""
        for row, topic in zip(self.items, topics, strict=False):
            row.form.title.data, row.form.text.data = topic.title, topic.text
            row.form.kind.data, row.form.topic.data = ItemKind.DECISION.value, topic.id

    @property
    def chosen_kind(self) -> Kind:
        return Kind(self.kind.data)
