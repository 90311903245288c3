"""The blueprint, the forms and the words that pages of topics share."""

from datetime import date
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField

from hoa.kernel.clock import today
from hoa.resolutions import chain
from hoa.topics import rules
from hoa.topics.rules import OUTCOME_NAMES, PARTY_NAMES, SIDE_NAMES, STAGE_NAMES, Outcome, Party, Stage
from hoa.topics.service import opening, outcomes, reading
from hoa.topics.service.opening import Wording
from hoa.topics.service.outcomes import Decision
from hoa.topics.service.recording import Held
from hoa.topics.tables import Topic
from hoa.web import context
from hoa.web.forms import Form, at_most, options, required

blueprint = Blueprint("topics", __name__, url_prefix="/c/<community_code>/topics")

TAGS = {
    Stage.AHEAD: "plain",
    Stage.COMMENTS: "ok",
    Stage.MEETING: "warn",
    Stage.SUMMARY: "warn",
    Stage.OUTCOME: "warn",
    Stage.WAITING: "warn",
    Stage.TAKEN_UP: "ink",
    Stage.HANDLED: "plain",
}
SIDE_TAGS = {"for": "ok", "against": "error", "other": "plain"}


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "Stage": Stage,
        "stage_word": lambda stage: gettext(STAGE_NAMES[stage]),
        "stage_tag": lambda stage: TAGS[stage],
        "side_word": lambda side: gettext(SIDE_NAMES[rules.Side(side)]),
        "side_tag": lambda side: SIDE_TAGS[side],
        "party_word": lambda party: gettext(PARTY_NAMES[Party(party)]),
        "outcome_word": lambda outcome: gettext(OUTCOME_NAMES[Outcome(outcome)]),
    }


class CommentForm(Form):
    side = RadioField(
        lazy_gettext("您的意见"),
        choices=options((side.value, lazy_gettext(name)) for side, name in SIDE_NAMES.items()),
        validators=[required()],
    )
    text = TextAreaField(
        lazy_gettext("理由和建议"),
        validators=[required(), at_most(rules.LONGEST_COMMENT)],
        description=lazy_gettext("会公开，只显示您的姓，例如“张*”；请不要写别人的姓名、电话和房号"),
    )


class TopicForm(Form):
    title = StringField(lazy_gettext("议题"), validators=[required(), at_most(rules.LONGEST_TITLE)])
    question = TextAreaField(
        lazy_gettext("要大家商量的问题"),
        validators=[required(), at_most(rules.LONGEST_QUESTION)],
        description=lazy_gettext("写清楚情况、几种办法和各要多少钱；会公开，不要写提出人的姓名和电话"),
    )
    labels = StringField(
        lazy_gettext("涉及的诉求"),
        validators=[at_most(400)],
        description=lazy_gettext("诉求编号，多件用空格隔开，例如 2026-0012 2026-0031"),
    )
    cluster = SelectField(lazy_gettext("或者整个共性问题"), default="")
    opens_on = DateField(lazy_gettext("从哪天起征求意见"), validators=[required()])
    closes_on = DateField(lazy_gettext("征求意见到哪天"), validators=[required()])

    def offer(self) -> None:
        rows = reading.clusters(context.reading(), context.community().id)
        listed = [(row.id, f"{row.label} {row.title}") for row in rows]
        self.cluster.choices = options([("", gettext("不涉及")), *listed])

    def begin(self) -> None:
        """What the address names, and the shortest period from today."""
        day = today(context.now())
        self.labels.data = " ".join(request.args.getlist("suggestion"))[:400]
        self.cluster.data = request.args.get("cluster", "")
        self.opens_on.data = day
        self.closes_on.data = opening.first_close(context.reading(), context.community().id, day)
        for row in reading.clusters(context.reading(), context.community().id):
            if row.id == self.cluster.data:
                self.title.data, self.question.data = row.title, row.text

    def wording(self) -> Wording:
        return Wording(self.title.data or "", self.question.data or "", _day(self.opens_on), _day(self.closes_on))


def _day(field: DateField) -> date:
    assert isinstance(field.data, date)
    return field.data


class MeetingForm(Form):
    """Who was there is typed party by party; the field of a party that is missing says so."""

    held_on = DateField(lazy_gettext("开会日期"), validators=[required()])
    place = StringField(lazy_gettext("地点"), validators=[required(), at_most(rules.LONGEST_TITLE)])
    party_branch = StringField(lazy_gettext(PARTY_NAMES[Party.BRANCH]), validators=[at_most(200)])
    residents_committee = StringField(lazy_gettext(PARTY_NAMES[Party.RESIDENTS]), validators=[at_most(200)])
    owners_committee = StringField(lazy_gettext(PARTY_NAMES[Party.COMMITTEE]), validators=[at_most(200)])
    supervisory_committee = StringField(lazy_gettext(PARTY_NAMES[Party.SUPERVISORS]), validators=[at_most(200)])
    property_manager = StringField(lazy_gettext(PARTY_NAMES[Party.MANAGER]), validators=[at_most(200)])
    owners = StringField(lazy_gettext(PARTY_NAMES[Party.OWNERS]), validators=[at_most(400)])
    street_office = StringField(lazy_gettext(PARTY_NAMES[Party.STREET]), validators=[at_most(200)])
    police = StringField(lazy_gettext(PARTY_NAMES[Party.POLICE]), validators=[at_most(200)])
    missing_because = StringField(
        lazy_gettext("有哪方没到，为什么"),
        validators=[at_most(rules.LONGEST_REASON)],
        description=lazy_gettext("六方都到了就留空；会公开"),
    )
    minutes = TextAreaField(
        lazy_gettext("会议记录"),
        validators=[at_most(rules.LONGEST_MINUTES)],
        description=lazy_gettext("会公开，请不要写个人的电话和房号；只有扫描件的可以留空"),
    )
    scan = FileField(lazy_gettext("签字的会议记录扫描件"))
    conclusion = TextAreaField(lazy_gettext("会议结论"), validators=[required(), at_most(rules.LONGEST_CONCLUSION)])

    def parties(self) -> dict[Party, tuple[str, ...]]:
        return {party: rules.names(self[party.value].data or "") for party in Party}

    def mark_missing(self) -> None:
        """Say at the field of each of the six that nobody is written there, while no reason is."""
        if (self.missing_because.data or "").strip():
            return
        for party in rules.missing([party for party, people in self.parties().items() if people]):
            self[party.value].errors = [*self[party.value].errors, gettext("没有写到会的人")]

    def held(self) -> Held:
        sent = self.scan.data if isinstance(self.scan.data, FileStorage) and self.scan.data.filename else None
        return Held(
            held_on=_day(self.held_on),
            place=self.place.data or "",
            present=self.parties(),
            missing_because=self.missing_because.data or "",
            minutes=self.minutes.data or "",
            conclusion=self.conclusion.data or "",
            scan=(sent.read(), sent.filename or "") if sent else None,
        )


class SummaryForm(Form):
    text = TextAreaField(
        lazy_gettext("意见归纳"),
        validators=[required(), at_most(rules.LONGEST_SUMMARY)],
        description=lazy_gettext("大家主要说了哪几点，六方会议怎么看；会公示，不写个人姓名"),
    )


class OutcomeForm(Form):
    outcome = RadioField(
        lazy_gettext("怎么办"),
        choices=options((one.value, lazy_gettext(name)) for one, name in OUTCOME_NAMES.items()),
        validators=[required()],
    )
    reason = TextAreaField(lazy_gettext("理由"), validators=[required(), at_most(rules.LONGEST_CONCLUSION)])
    title = StringField(
        lazy_gettext("要决定的事项"),
        validators=[at_most(outcomes.LONGEST_MOTION_TITLE)],
        description=lazy_gettext("写成能直接回答“同意”或“反对”的问题；直接处理的不用填"),
    )
    text = TextAreaField(lazy_gettext("要通过的决定全文"), validators=[at_most(outcomes.LONGEST_MOTION)])
    matter = SelectField(lazy_gettext("提请业主大会的，事项类别（《民法典》第二百七十八条）"), default="")

    def offer(self, *, decided: bool) -> None:
        """Until the summary is published only what needs no decision can be settled."""
        if not decided:
            handled = OUTCOME_NAMES[Outcome.HANDLED]
            self.outcome.choices = options([(Outcome.HANDLED.value, gettext(handled))])
        preparing = chain.preparing()
        known = preparing.matters() if preparing else {}
        listed = [(code, f"{code} {gettext(title)}") for code, title in known.items()]
        self.matter.choices = options([("", gettext("请选择")), *listed])

    def decision(self) -> Decision:
        return Decision(
            outcome=Outcome(self.outcome.data),
            reason=self.reason.data or "",
            title=self.title.data or "",
            text=self.text.data or "",
            matter=self.matter.data or "",
        )


class ReasonForm(Form):
    reason = StringField(
        lazy_gettext("隐藏的原因"),
        validators=[required(), at_most(rules.LONGEST_REASON)],
        description=lazy_gettext("例如：含有他人姓名和电话。原因会显示在原来的位置"),
    )


def find(topic_id: str) -> Topic:
    return reading.find(context.reading(), context.community().id, topic_id)


def address(topic_id: str, anchor: str = "") -> str:
    return url_for("topics.show", topic_id=topic_id) + anchor
