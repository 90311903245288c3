"""The group's desk: call an election, see who stands, take the next step; recommend by branch and residents' staff."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import (
    DateField,
    DateTimeLocalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional

from hoa.bulletin import service as bulletin
from hoa.community import pack_choice
from hoa.kernel.clock import CHINA, today, years_on
from hoa.kernel.errors import NotAllowed, Refusal
from hoa.offices.rules import BODIES
from hoa.offices.service import posts_held
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.elections.powers import PREPARE
from voting.elections.rules import clock, seats
from voting.elections.rules.eligibility import CRITERIA, Result
from voting.elections.rules.life import CHANNEL_TITLES, CandidateState, Channel, State
from voting.elections.service import calling, listing, nominating, reading, screening
from voting.elections.tables import Candidate, Election
from voting.elections.views.shared import blueprint, find, recommends
from voting.rules import conveners, local
from voting.rules.life import State as Step
from voting.rules.schedule import FORM_TITLES
from voting.rules.schedule import Form as Kind
from voting.service import reading as assemblies
from voting.service.terms import Terms

LOCAL = "%Y-%m-%dT%H:%M"


class CallForm(Form):
    title = StringField(lazy_gettext("选举名称"), validators=[required(), at_most(80)])
    body_kind = SelectField(lazy_gettext("选哪个机构"))
    seats = IntegerField(lazy_gettext("名额"), validators=[InputRequired(message=lazy_gettext("请填写人数"))])
    term_starts_on = DateField(lazy_gettext("任期开始"), validators=[required()])
    term_ends_on = DateField(lazy_gettext("任期结束（含当天）"), validators=[Optional()])
    nominations_until = DateField(lazy_gettext("提名截止（含当天）"), validators=[required()])
    convener = SelectField(lazy_gettext("由谁召集"))

    def call(self, earlier: Election | None) -> calling.Call:
        assert self.term_starts_on.data is not None
        assert self.nominations_until.data is not None
        last: date | None = self.term_ends_on.data
        ends = earlier.term_ends_on if earlier else (last or self.term_starts_on.data) + timedelta(days=1)
        return calling.Call(
            title=self.title.data or "",
            body_kind=earlier.body_kind if earlier else self.body_kind.data or "",
            seats=self.seats.data or 0,
            term_starts_on=self.term_starts_on.data,
            term_ends_on=ends,
            nominations_until=self.nominations_until.data,
            convener=self.convener.data or "",
        )


class RecommendForm(Form):
    channel = SelectField(lazy_gettext("推荐的机构"))
    room = StringField(
        lazy_gettext("房号"), validators=[required(), at_most(60)], description=lazy_gettext("与业主名册上的写法一致")
    )
    name = StringField(lazy_gettext("姓名"), validators=[required(), at_most(40)])
    words = TextAreaField(
        lazy_gettext("推荐的理由"),
        validators=[required(), at_most(nominating.WORDS_LENGTH)],
        description=lazy_gettext("会公开。不要写党员身份、电话和房号。"),
    )


class ExtendForm(Form):
    until = DateField(lazy_gettext("提名延长到（含当天）"), validators=[required()])
    reason = StringField(lazy_gettext("延长的理由"), validators=[required(), at_most(200)])


class ReasonForm(Form):
    reason = StringField(lazy_gettext("理由（公开）"), validators=[required(), at_most(200)])


class DraftForm(Form):
    into = SelectField(lazy_gettext("编入哪次会议"), validate_choice=False, default="")
    title = StringField(lazy_gettext("会议名称"), validators=[required(), at_most(80)])
    form = SelectField(
        lazy_gettext("会议种类"),
        choices=options([(kind.value, lazy_gettext(title)) for kind, title in FORM_TITLES.items()]),
    )
    convener = SelectField(lazy_gettext("召集人"))
    body = TextAreaField(lazy_gettext("致业主的话"), validators=[required(), at_most(8000)])
    opens = DateTimeLocalField(lazy_gettext("开始表决"), format=LOCAL, validators=[required()])
    closes = DateTimeLocalField(lazy_gettext("截止"), format=LOCAL, validators=[required()])
    channels = SelectMultipleField(lazy_gettext("投票方式"), validators=[required()])


class Line(NamedTuple):
    """A candidate on the group's desk."""

    one: Candidate
    passed: int
    failed: int
    signed: bool
    heads: int
    channels: list[Channel]
    appeal: bool


@blueprint.route("/new", methods=["GET", "POST"])
@requires(PREPARE)
def new() -> str | Response:
    """Call an election; with `supplements` in the address a supplementary one."""
    asked = request.args.get("supplements", "")
    earlier = find(asked) if asked else None
    form = _offer(CallForm(), earlier)
    if form.validate_on_submit():
        try:
            if earlier is None and form.term_ends_on.data is None:
                form.term_ends_on.errors = [gettext("请填写这一项")]
            else:
                return redirect(url_for("elections.manage", election=_create(form, earlier)))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    session, here = context.reading(), context.community().id
    pack = pack_choice.current(session, here, day=today(context.now()))
    return render_template(
        "elections/new.html",
        form=form,
        earlier=earlier,
        vacancies=calling.vacancies(session, earlier, now=context.now()) if earlier else None,
        allowed=seats.lawful(pack, seats.COMMITTEE, calling.size_of(session, here)),
        pack=pack,
    )


def _create(form: CallForm, earlier: Election | None) -> str:
    posts = posts_held(context.reading(), context.community().id, context.person_id(), context.now())
    common: dict[str, Any] = {"by": context.person_id(), "now": context.now(), "posts": posts}
    with context.writing() as session:
        here, call = context.community().id, form.call(earlier)
        if earlier is not None:
            return calling.supplement(session, here, earlier.code, call, **common).code
        return calling.create(session, here, call, **common).code


def _offer(form: CallForm, earlier: Election | None) -> CallForm:
    now = context.now()
    form.body_kind.choices = options([(kind, gettext(BODIES[kind])) for kind in seats.ELECTED_BODIES])
    form.convener.choices = options([(name, gettext(name)) for name in _conveners()])
    if earlier is not None:
        form.body_kind.data = earlier.body_kind
    if request.method == "GET":
        day = today(now)
        form.nominations_until.data = day + timedelta(days=15)
        form.term_starts_on.data = day + timedelta(days=75)
        form.term_ends_on.data = years_on(day + timedelta(days=75), 3) - timedelta(days=1)
    return form


def _conveners() -> tuple[str, ...]:
    return conveners.conveners(
        posts_held(context.reading(), context.community().id, context.person_id(), context.now())
    )


@blueprint.get("/<election>/manage")
@requires(PREPARE)
def manage(election: str) -> str:
    return _desk(find(election), ExtendForm(formdata=None), ReasonForm(formdata=None))


def _desk(row: Election, extend_form: ExtendForm, cancel_form: ReasonForm) -> str:
    session, now = context.reading(), context.now()
    pack = calling.pack_of(row)
    lines = [_line(one) for one in reading.candidates(session, row)]
    objections = (
        [one for one in bulletin.objections(session, row.community_id, row.publication_id) if not one.answer]
        if row.publication_id
        else []
    )
    assembly = reading.assembly_of(session, row)
    return render_template(
        "elections/manage.html",
        row=row,
        lines=lines,
        of=len(CRITERIA),
        standing=sum(line.one.step is CandidateState.ACCEPTED for line in lines),
        waiting=sum(line.one.step is CandidateState.NOMINATED for line in lines),
        nominating=row.step is State.NOMINATION and today(now) <= row.nominations_until,
        needed=pack.number("joint_nomination_heads"),
        display_over=clock.display_over(pack, row.published_at) if row.published_at else None,
        today=today(now),
        objections=objections,
        assembly=assembly,
        drafted=assembly is not None and assembly.step is Step.DRAFT,
        may_supplement=assembly is not None and assembly.step is Step.ANNOUNCED,
        extend_form=extend_form,
        cancel_form=cancel_form,
        recommends=recommends(),
    )


def _line(one: Candidate) -> Line:
    session = context.reading()
    found = list(reading.results(session, one).values())
    return Line(
        one=one,
        passed=found.count(Result.PASS.value),
        failed=found.count(Result.FAIL.value),
        signed=reading.undertaking(session, one) is not None,
        heads=reading.heads_behind(session, one),
        channels=nominating.channels(session, one),
        appeal=screening.pending_appeal(session, one) is not None,
    )


@blueprint.post("/<election>/steps/<target>")
@requires(PREPARE)
def take_step(election: str, target: str) -> Response:
    """Begin the screening, publish the list, draw the order."""
    verbs = {
        "screening": (calling.close_nominations, gettext("提名已截止，请逐人审查")),
        "display": (listing.publish, gettext("候选人名单已公示")),
        "draw": (listing.draw, gettext("顺序已抽定")),
    }
    if target not in verbs:
        raise NotAllowed
    row = find(election)
    verb, said = verbs[target]
    with context.writing() as session:
        verb(session, row.community_id, row.code, by=context.person_id(), now=context.now())
    flash(said, "ok")
    return redirect(url_for("elections.manage", election=row.code))


@blueprint.post("/<election>/extend")
@requires(PREPARE)
def extend(election: str) -> str | Response:
    row, form = find(election), ExtendForm()
    if form.validate_on_submit():
        try:
            assert form.until.data is not None
            with context.writing() as session:
                calling.extend(
                    session,
                    row.community_id,
                    row.code,
                    until=form.until.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("提名已延长"), "ok")
            return redirect(url_for("elections.manage", election=row.code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _desk(row, form, ReasonForm(formdata=None))


@blueprint.post("/<election>/cancel")
@requires(PREPARE)
def cancel(election: str) -> str | Response:
    row, form = find(election), ReasonForm()
    if form.validate_on_submit():
        with context.writing() as session:
            calling.cancel(
                session,
                row.community_id,
                row.code,
                reason=form.reason.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("选举已取消，理由已公开"), "ok")
        return redirect(url_for("elections.show", election=row.code))
    return _desk(row, ExtendForm(formdata=None), form)


@blueprint.post("/<election>/take-off")
@requires(PREPARE)
def take_off(election: str) -> str | Response:
    """Take the candidates off the draft again."""
    row, form = find(election), ReasonForm()
    if form.validate_on_submit():
        with context.writing() as session:
            listing.take_off(
                session,
                row.community_id,
                row.code,
                reason=form.reason.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("候选人已从会议草稿撤下，名单和顺序不变"), "ok")
        return redirect(url_for("elections.manage", election=row.code))
    return _desk(row, ExtendForm(formdata=None), form)


# ------------------------------------------------------------------------------------------------------ recommending


@blueprint.route("/<election>/recommend", methods=["GET", "POST"])
@signed_in
def recommend(election: str) -> str | Response:
    row, allowed = find(election), recommends()
    if not allowed:
        raise NotAllowed
    form = RecommendForm()
    form.channel.choices = options([(channel.value, gettext(CHANNEL_TITLES[channel])) for channel in allowed])
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                nominating.recommend(
                    session,
                    row.community_id,
                    row.code,
                    channel=Channel(form.channel.data),
                    room=form.room.data or "",
                    name=form.name.data or "",
                    words=(form.words.data or "").replace("\r\n", "\n"),
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("已推荐，还要本人签署承诺书"), "ok")
            return redirect(url_for("elections.show", election=row.code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("elections/recommend.html", row=find(election), form=form)


# ------------------------------------------------------------------------------------------------- draft the assembly


@blueprint.route("/<election>/draft", methods=["GET", "POST"])
@requires(PREPARE)
def draft(election: str) -> str | Response:
    """Put the candidates on a ballot: a new assembly, or one that is being drafted."""
    row = find(election)
    if row.step is not State.DISPLAY or row.drawn_at is None or row.published_at is None:
        raise listing.NotDrawn
    form = _offer_draft(row, DraftForm())
    if form.validate_on_submit():
        try:
            return redirect(url_for("voting.manage", code=_draft(row, form)))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    pack = calling.pack_of(row)
    earliest = clock.earliest_opening(pack, row.published_at, form=Kind.REGULAR, now=context.now())
    return render_template(
        "elections/draft.html",
        row=find(election),
        form=form,
        order=reading.in_order(context.reading(), row),
        earliest=earliest,
    )


def _draft(row: Election, form: DraftForm) -> str:
    platform, opens, closes = context.platform(), form.opens.data, form.closes.data
    assert opens is not None
    assert closes is not None
    posts = posts_held(context.reading(), row.community_id, context.person_id(), context.now())
    common: dict[str, Any] = {
        "base_url": platform.settings.base_url,
        "by": context.person_id(),
        "now": context.now(),
    }
    with context.writing() as session:
        if form.into.data:
            existing = assemblies.by_code(session, row.community_id, form.into.data)
            return listing.join(session, platform.files, row.community_id, row.code, existing.id, **common).code
        return listing.draft(
            session,
            platform.files,
            row.community_id,
            row.code,
            title=form.title.data or "",
            body=(form.body.data or "").replace("\r\n", "\n"),
            convener=form.convener.data or "",
            opens_at=_aware(opens),
            closes_at=_aware(closes),
            terms=Terms(form=form.form.data, channels=form.channels.data or ()),
            posts=posts,
            **common,
        ).code


def _offer_draft(row: Election, form: DraftForm) -> DraftForm:
    session = context.reading()
    pack = calling.pack_of(row)
    open_drafts = [
        one for one in assemblies.assemblies(session, row.community_id, drafts=True) if one.step is Step.DRAFT
    ]
    form.into.choices = options(
        [("", gettext("新起草一次会议")), *((one.code, f"{one.code} {one.title}") for one in open_drafts)]
    )
    form.convener.choices = options([(name, gettext(name)) for name in _conveners()])
    allowed = pack.text("channels").split()
    form.channels.choices = options(
        [(code, gettext(title)) for code, title in local.CHANNELS.items() if code in allowed]
    )
    if request.method == "GET":
        form.opens.data, form.closes.data = listing.suggested(row, now=context.now())
        form.title.data = row.title
        form.convener.data = row.convener
        form.form.data = Kind.FIRST.value if row.convener == conveners.PREPARATORY else Kind.EXTRAORDINARY.value
        form.channels.data = [name for name in ("online", "paper") if name in allowed]
        form.body.data = gettext(
            "请各位业主选举%(body)s：应选 %(seats)s 名，每张票最多同意 %(most)s 位候选人。",
            body=gettext(BODIES[row.body_kind]),
            seats=row.seats,
            most=row.approve_at_most,
        )
    return form


def _aware(naive: datetime) -> datetime:
    return naive.replace(tzinfo=CHINA)
