"""The roll on screen: units, areas and heads for owners, objections, and corrections that two officials sign."""

import re

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField

from hoa.community.rules import Sentence
from hoa.kernel import area
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.rules.life import State
from voting.service import casting, corrections, proposals, roll
from voting.service.corrections import Sort
from voting.tables import Assembly
from voting.views.shared import blueprint, find

PAGE = 50
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
SORT_WORDS = {
    Sort.AREA: lazy_gettext("更正面积"),
    Sort.TRANSFER: lazy_gettext("房屋过户给另一位业主"),
    Sort.MERGE: lazy_gettext("几套属于同一位业主，合并为一人"),
    Sort.SPLIT: lazy_gettext("一人名下的几套分成两位业主"),
}


SORTS = options((sort.value, word) for sort, word in SORT_WORDS.items())


class ObjectionForm(Form):
    unit = StringField(lazy_gettext("房号"), validators=[required(), at_most(60)])
    text = TextAreaField(lazy_gettext("哪里不对，应当怎样"), validators=[required(), at_most(2000)])


class AnswerForm(Form):
    text = TextAreaField(lazy_gettext("答复和理由"), validators=[required(), at_most(2000)])


class CorrectionForm(Form):
    sort = RadioField(
        lazy_gettext("更正什么"), choices=options([(sort.value, word) for sort, word in SORT_WORDS.items()])
    )
    room = StringField(lazy_gettext("房号"), validators=[required(), at_most(60)])
    area = StringField(lazy_gettext("正确的面积（平方米），只在更正面积时填"), validators=[at_most(30)])
    rooms = TextAreaField(lazy_gettext("另外的房号，一行一个"), validators=[at_most(2000)])
    apart = BooleanField(lazy_gettext("已投的票归分出来的一方（不勾选则归留下的一方）"))
    reason = TextAreaField(lazy_gettext("理由（会公开，请不要写姓名）"), validators=[required(), at_most(500)])
    paper = FileField(lazy_gettext("不动产登记或法院文书"))
    subject = HiddenField()

    def request(self) -> corrections.Request:
        return corrections.Request(
            Sort(self.sort.data),
            self.room.data or "",
            [line.strip() for line in (self.rooms.data or "").splitlines() if line.strip()],
            area.parse(self.area.data or "") if self.sort.data == Sort.AREA.value else None,
            bool(self.apart.data),
        )


def _published(code: str) -> Assembly:
    """An assembly with a roll: from the notice on."""
    assembly = find(code)
    if assembly.step is State.DRAFT:
        raise NotFound
    return assembly


@blueprint.get("/<code>/roll")
@requires("register.read")
def roll_page(code: str) -> str:
    """Units, areas and heads without names: everybody who may look can add them up."""
    return _roll(_published(code), ObjectionForm())


def _roll(assembly: Assembly, form: ObjectionForm) -> str:
    session, me, now = context.reading(), context.person_id(), context.now()
    found = roll.current(session, assembly)
    wanted = request.args.get("q", "").strip()[:60]
    lines = [line for line in found.lines if line.mentions(wanted)]
    pages = max(1, -(-len(lines) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    mine = {one.elector for one in casting.standings(session, assembly, person_id=me, day=today(now))}
    return render_template(
        "voting/roll.html",
        assembly=assembly,
        roll=found,
        opening_root=roll.opening_root(assembly),
        lines=lines[(page - 1) * PAGE : page * PAGE],
        total=len(lines),
        page=page,
        pages=pages,
        q=wanted,
        mine=[(line, roll.why(session, assembly, line)) for line in found.lines if line.elector in mine],
        may_object=roll.may_object(assembly, now=now),
        objections=roll.objections(session, assembly, person_id=me),
        form=form,
        spoken=_spoken,
    )


def _spoken(sentence: Sentence) -> str:
    return str(gettext(sentence.message, **sentence.params) if sentence.params else gettext(sentence.message))


@blueprint.get("/<code>/roll.csv")
@requires("register.read")
def roll_csv(code: str) -> FlaskResponse:
    assembly = _published(code)
    data = roll.as_csv(roll.current(context.reading(), assembly))
    response = FlaskResponse(data, mimetype="text/csv")
    name = f"{context.community().code}-{assembly.code}-roll.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/<code>/roll/object")
@requires("register.read")
def object_to_roll(code: str) -> str | Response:
    """In the dispute window: what is wrong, with which unit."""
    assembly = _published(code)
    form = ObjectionForm()
    if not form.validate_on_submit():
        return _roll(assembly, form)
    with context.writing() as session:
        roll.object_to(
            session,
            assembly,
            person_id=context.person_id(),
            unit=form.unit.data or "",
            text=form.text.data or "",
            now=context.now(),
        )
    flash(gettext("异议已收到，答复会显示在本页"), "ok")
    return redirect(url_for("voting.roll_page", code=code) + "#objections")


@blueprint.get("/<code>/roll/objections")
@requires(CONVENE)
def roll_objections(code: str) -> str:
    """What owners say is wrong, unanswered first."""
    return _objections(_published(code), AnswerForm(), None)


def _objections(assembly: Assembly, form: AnswerForm, wrong: str | None) -> str:
    session = context.reading()
    rows = roll.objections(session, assembly)
    return render_template(
        "voting/roll_objections.html",
        assembly=assembly,
        rows=[(row, proposals.about(session, assembly, row.id)) for row in rows],
        form=form,
        wrong=wrong,
    )


@blueprint.post("/<code>/roll/objections/<roll_objection_id>")
@requires(CONVENE)
def answer_roll_objection(code: str, roll_objection_id: str) -> str | Response:
    assembly = _published(code)
    roll.objection(context.reading(), assembly, roll_objection_id)
    form = AnswerForm()
    if not form.validate_on_submit():
        return _objections(assembly, form, roll_objection_id)
    with context.writing() as session:
        roll.answer(
            session, assembly, roll_objection_id, text=form.text.data or "", by=context.person_id(), now=context.now()
        )
    flash(gettext("已答复"), "ok")
    return redirect(url_for("voting.roll_objections", code=code))


@blueprint.route("/<code>/roll/correct", methods=["GET", "POST"])
@requires(CONVENE)
def correct_roll(code: str) -> str | Response:
    """Write a correction; two officials sign it before it is in force."""
    assembly = _published(code)
    form = CorrectionForm()
    if request.method == "GET":
        _from_objection(assembly, form)
    if form.validate_on_submit():
        try:
            _propose(assembly, form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("更正已拟定，两名工作人员签名后生效"), "ok")
            return redirect(url_for("voting.roll_changes", code=code))
    return render_template("voting/roll_correct.html", assembly=assembly, form=form)


def _from_objection(assembly: Assembly, form: CorrectionForm) -> None:
    if objection_id := request.args.get("objection"):
        row = roll.objection(context.reading(), assembly, objection_id)
        form.room.data, form.subject.data = row.unit, row.id


def _propose(assembly: Assembly, form: CorrectionForm) -> None:
    asked = form.request()
    sent = request.files.get("paper")
    upload = uploads.checked(sent.stream.read(uploads.MAX_BYTES + 1), sent.filename) if sent and sent.filename else None
    subject = form.subject.data or ""
    platform, now = context.platform(), context.now()
    with context.writing() as session:
        if subject:
            roll.objection(session, assembly, subject)
        paper = corrections.keep_paper(platform, session, assembly, upload, now=now) if upload else None
        corrections.propose(
            session,
            platform.keys,
            assembly,
            asked,
            reason=form.reason.data or "",
            paper=paper,
            subject=subject,
            by=context.person_id(),
            now=now,
        )


@blueprint.get("/<code>/roll/changes")
@public
def roll_changes(code: str) -> str:
    """Every correction: totals for anybody, rooms behind sign-in, the papers for those who may see names."""
    assembly = _published(code)
    session, keys = context.reading(), context.platform().keys
    waiting = proposals.waiting(session, keys, assembly) if context.may(CONVENE) else []
    return render_template(
        "voting/roll_changes.html",
        assembly=assembly,
        made=corrections.made(session, keys, assembly),
        waiting=[task for task in waiting if task.proposal.kind == "roll-change"],
        may_rooms=context.may("register.read"),
        may_paper=context.may("register.names"),
    )


@blueprint.get("/<code>/roll/papers/<digest>")
@requires("register.names")
def roll_paper(code: str, digest: str) -> FlaskResponse:
    """A registry's or court's document that a correction rests on."""
    assembly = _published(code)
    if not _DIGEST.match(digest):
        raise NotFound
    data = corrections.open_paper(context.platform(), context.reading(), assembly, digest)
    media = uploads.media_type(data, digest)
    response = FlaskResponse(data, mimetype=media)
    name = digest[:10] + uploads.SUFFIXES[media]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
