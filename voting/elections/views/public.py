"""What anybody reads: the elections, one election, the candidates in their order, the draw."""

from io import BytesIO

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told
from voting.elections.powers import PREPARE, TAKE_PART
from voting.elections.rules import clock, lot
from voting.elections.rules.life import CandidateState, Channel, State
from voting.elections.service import calling, nominating, questions, reading
from voting.elections.tables import Candidate, Election, Question
from voting.elections.views.shared import blueprint, candidate, find, recommends
from voting.powers import CONVENE
from voting.rules.life import State as Step


class QuestionForm(Form):
    text = TextAreaField(
        lazy_gettext("问候选人一个问题"),
        validators=[required(), at_most(questions.QUESTION_LENGTH)],
        description=lazy_gettext("提问公开，不显示您是谁。请不要写别人的姓名、房号和电话。"),
    )


@blueprint.get("/")
@public
def index() -> str:
    session, here, me = context.reading(), context.community().id, context.me()
    rows = reading.elections(session, here)
    mine = reading.stands_in(session, here, me.id) if me is not None else frozenset()
    return render_template("elections/index.html", rows=rows, mine=mine)


@blueprint.get("/<election>")
@public
def show(election: str) -> str:
    row, session, me = find(election), context.reading(), context.me()
    pack = calling.pack_of(row)
    assembly = reading.assembly_of(session, row)
    mine = reading.mine(session, row, me.id) if me is not None else None
    owner = context.may(TAKE_PART)
    listed = reading.in_order(session, row) if row.step in (State.DISPLAY, State.DRAFTED) else []
    return render_template(
        "elections/show.html",
        row=row,
        # A draft is not public; the link appears with its notice, or for those who write it.
        assembly=assembly if assembly and (assembly.step is not Step.DRAFT or context.may(CONVENE)) else None,
        mine=mine,
        may_stand=owner and mine is None and _nominating(row),
        recommends=recommends() if _nominating(row) else [],
        candidates=listed,
        joint=_joint(row, me.id) if owner and me is not None and _nominating(row) else [],
        needed=pack.number("joint_nomination_heads"),
        display_until=clock.display_over(pack, row.published_at) if row.published_at else None,
        steps=reading.steps(session, row),
        earlier=_by_id(row, row.supplements_id),
    )


def _nominating(row: Election) -> bool:
    return row.step is State.NOMINATION and today(context.now()) <= row.nominations_until


def _joint(row: Election, person_id: str) -> list[tuple[Candidate, int, bool]]:
    """Joint nominations that owners may sign: with the heads behind them and whether the reader is one."""
    session = context.reading()
    return [
        (one, reading.heads_behind(session, one), nominating.supports(session, one, person_id))
        for one in reading.candidates(session, row, CandidateState.NOMINATED)
        if one.person_id != person_id and Channel.JOINT in nominating.channels(session, one)
    ]


def _by_id(row: Election, other: str | None) -> Election | None:
    return context.reading().get(Election, (row.community_id, other)) if other else None


@blueprint.get("/<election>/candidates/<int(max=99999):standing>")
@public
def candidate_page(election: str, standing: int) -> str:
    row, one = _shown(election, standing)
    return _page(row, one, QuestionForm(formdata=None))


def _shown(election: str, standing: int) -> tuple[Election, Candidate]:
    """A candidate whom anybody may read about; before the list is published only they themselves and the group."""
    row = find(election)
    one, me = candidate(row, standing), context.me()
    own = me is not None and me.id == one.person_id
    if not (reading.is_public(row, one) or own or context.may(PREPARE)):
        raise NotFound
    return row, one


def _page(row: Election, one: Candidate, form: QuestionForm) -> str:
    session, me = context.reading(), context.me()
    order = reading.in_order(session, row)
    return render_template(
        "elections/candidate.html",
        row=row,
        one=one,
        place=order.index(one) + 1 if row.drawn_at and one in order else None,
        of=len(order),
        public=reading.is_public(row, one),
        # Only what the public roster says anyway: who is related to whom is nobody's to read here.
        resigns=[
            found for found in nominating.to_resign(session, row, one.person_id, now=context.now()) if found.tie is None
        ],
        questions=reading.about(session, one, Question),
        taken=reading.is_public(row, one) and questions.is_open(session, row, context.now()),
        may_ask=context.may(TAKE_PART) and me is not None and me.id != one.person_id,
        own=me is not None and me.id == one.person_id,
        form=form,
    )


@blueprint.post("/<election>/candidates/<int(max=99999):standing>/questions")
@requires(TAKE_PART)
def ask(election: str, standing: int) -> str | Response:
    row, _one = _shown(election, standing)
    form = QuestionForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                questions.ask(
                    session,
                    row.community_id,
                    row.code,
                    standing,
                    text=(form.text.data or "").replace("\r\n", "\n"),
                    person_id=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("问题已公开，候选人会收到提醒"), "ok")
            return redirect(url_for("elections.candidate_page", election=row.code, standing=standing) + "#questions")
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            form.form_errors.append(told(refusal))
    return _page(find(election), candidate(row, standing), form)


@blueprint.get("/<election>/candidates/<int(max=99999):standing>/photo")
@public
def photo(election: str, standing: int) -> Response:
    _, one = _shown(election, standing)
    if one.photo is None:
        raise NotFound
    return send_file(BytesIO(context.platform().files.get(one.photo)), mimetype="image/jpeg")


@blueprint.get("/<election>/draw")
@public
def draw_page(election: str) -> str:
    """How the order was drawn, with every number that it takes to draw it again."""
    row = find(election)
    if row.list_hash is None or row.drawn_at is None:
        raise NotFound
    session = context.reading()
    names = {one.number: one for one in reading.candidates(session, row)}
    lines = [(line, names[line.number]) for line in lot.draw(row.list_hash, row.drawn)]
    return render_template("elections/draw.html", row=row, lines=lines)
