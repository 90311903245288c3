"""Standing: nominate oneself, sign joint nominations, and everything that is the candidate's own."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from hoa.accounts import personal_keys
from hoa.kernel import sign_files
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, options, required, tidy
from hoa.web.i18n import told
from voting.elections.powers import TAKE_PART
from voting.elections.rules import lot
from voting.elections.rules.life import CHANNEL_TITLES, Channel, State
from voting.elections.service import calling, listing, nominating, questions, reading, screening, undertaking
from voting.elections.tables import Appeal, Candidate, Election, Nomination, Question
from voting.elections.views.shared import blueprint, find
from voting.rules.life import State as Step

ITEM = "undertaking"


class StandForm(Form):
    channel = RadioField(
        lazy_gettext("怎样参选"),
        choices=options(
            [
                (Channel.SELF.value, lazy_gettext("我自荐")),
                (Channel.JOINT.value, lazy_gettext("请其他业主联名推荐我")),
            ]
        ),
        validators=[InputRequired(message=lazy_gettext("请选一种"))],
    )


class StatementForm(Form):
    statement = TextAreaField(
        lazy_gettext("自述"),
        validators=[required(), at_most(nominating.STATEMENT_LENGTH)],
        description=lazy_gettext("您是谁、想做什么、有多少时间。名单公布后不能再改。每位候选人最多 800 字。"),
    )


class PhotoForm(Form):
    photo = FileField(lazy_gettext("照片"), validators=[FileRequired(message=lazy_gettext("请先选择照片"))])


class UndertakingForm(Form):
    agreed = BooleanField(lazy_gettext("我看过全文，自愿承诺"))
    name = StringField(
        lazy_gettext("签名：写您自己的姓名"),
        validators=[required(), at_most(40)],
        description=lazy_gettext("与账户上的一致"),
    )
    lot_word = StringField(
        lazy_gettext("抽签用的数字或词"),
        validators=[required(), at_most(lot.LOT_WORD_LENGTH)],
        description=lazy_gettext(
            "随便写，名单公布前没有别人看得到。所有候选人写的合在一起决定选票上的顺序，谁也控制不了。"
        ),
    )


class TextForm(Form):
    text = TextAreaField(lazy_gettext("内容"), validators=[required(), at_most(2000)])


class WithdrawForm(Form):
    reason = StringField(lazy_gettext("退出的原因（可以不写）"), validators=[at_most(200)])


@blueprint.route("/<election>/stand", methods=["GET", "POST"])
@requires(TAKE_PART)
def stand(election: str) -> str | Response:
    row, form = find(election), StandForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                nominating.stand(
                    session,
                    row.community_id,
                    row.code,
                    channel=Channel(form.channel.data),
                    person_id=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("已提名。请写自述、传照片，并签署承诺书"), "ok")
            return _home(row)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("elections/stand.html", row=find(election), form=form, needed=_needed(row))


def _needed(row: Election) -> int:
    return calling.pack_of(row).number("joint_nomination_heads")


def _home(row: Election, anchor: str = "") -> Response:
    return redirect(url_for("elections.mine", election=row.code) + anchor)


@blueprint.post("/<election>/candidates/<int(max=99999):standing>/support")
@requires(TAKE_PART)
def support(election: str, standing: int) -> Response:
    row = find(election)
    with context.writing() as session:
        nominating.support(
            session, row.community_id, row.code, standing, person_id=context.person_id(), now=context.now()
        )
    flash(gettext("已联名"), "ok")
    return redirect(url_for("elections.show", election=row.code) + "#joint")


@blueprint.post("/<election>/candidates/<int(max=99999):standing>/take-back")
@requires(TAKE_PART)
def take_back(election: str, standing: int) -> Response:
    row = find(election)
    with context.writing() as session:
        nominating.take_back(
            session, row.community_id, row.code, standing, person_id=context.person_id(), now=context.now()
        )
    flash(gettext("联名已撤回"), "ok")
    return redirect(url_for("elections.show", election=row.code) + "#joint")


# --------------------------------------------------------------------------------------------------- my candidacy


@blueprint.get("/<election>/mine")
@signed_in
def mine(election: str) -> str:
    return _page(*_mine(election))


def _mine(election: str) -> tuple[Election, Candidate]:
    row = find(election)
    one = reading.mine(context.reading(), row, context.person_id())
    if one is None:
        raise NotFound
    return row, one


def _page(row: Election, one: Candidate, **forms: Form) -> str:
    session, now = context.reading(), context.now()
    signed, decided = reading.undertaking(session, one), reading.decision(session, one)
    assembly = reading.assembly_of(session, row)
    values: dict[str, Any] = {
        "statement_form": StatementForm(formdata=None, obj=one),
        "photo_form": PhotoForm(formdata=None),
        "appeal_form": TextForm(formdata=None),
        "withdraw_form": WithdrawForm(formdata=None),
    }
    return render_template(
        "elections/mine.html",
        row=row,
        one=one,
        signed=signed,
        decided=decided,
        checks=reading.checks(session, one),
        nominations=reading.about(session, one, Nomination),
        CHANNEL_TITLES=CHANNEL_TITLES,
        heads=reading.heads_behind(session, one),
        needed=_needed(row),
        resigns=nominating.to_resign(session, row, one.person_id, now=now),
        appeals=reading.about(session, one, Appeal),
        appeal_until=screening.appeal_until(calling.pack_of(row), decided) if decided else None,
        may_appeal=screening.may_appeal(session, row, one, now=now),
        may_withdraw=one.withdrawn_at is None
        and row.step is not State.CANCELLED
        and (assembly is None or assembly.step is Step.DRAFT),
        editable=not one.frozen and one.withdrawn_at is None and row.step in (State.NOMINATION, State.SCREENING),
        questions=[asked for asked in reading.about(session, one, Question) if asked.hidden_at is None],
        answerable=questions.is_open(session, row, now),
        today=today(now),
        **{**values, **forms},
    )


@blueprint.post("/<election>/mine/statement")
@signed_in
def statement(election: str) -> str | Response:
    row, one = _mine(election)
    form = StatementForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                nominating.describe(
                    session,
                    row.community_id,
                    row.code,
                    person_id=context.person_id(),
                    statement=(form.statement.data or "").replace("\r\n", "\n"),
                )
            flash(gettext("自述已保存"), "ok")
            return _home(row)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(row, one, statement_form=form)


@blueprint.post("/<election>/mine/photo")
@signed_in
def send_photo(election: str) -> str | Response:
    row, one = _mine(election)
    form = PhotoForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                nominating.picture(
                    session,
                    context.platform().files,
                    row.community_id,
                    row.code,
                    person_id=context.person_id(),
                    data=form.photo.data.read(),
                    name=form.photo.data.filename or "",
                )
            flash(gettext("照片已保存"), "ok")
            return _home(row)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(row, one, photo_form=form)


@blueprint.route("/<election>/mine/undertaking", methods=["GET", "POST"])
@signed_in
def sign_undertaking(election: str) -> str | Response:
    row, one = _mine(election)
    form = UndertakingForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                undertaking.sign(
                    session,
                    row.community_id,
                    row.code,
                    person_id=context.person_id(),
                    agreed=form.agreed.data,
                    name=form.name.data or "",
                    lot_word=form.lot_word.data or "",
                    now=context.now(),
                )
            flash(gettext("承诺书已签署"), "ok")
            return _home(row)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    session = context.reading()
    signed, key = reading.undertaking(session, one), personal_keys.current(session, one.person_id)
    item = None
    if signed is not None and key is not None and not signed.signature and not one.frozen:
        item = sign_files.Item(ITEM, undertaking.KIND, undertaking.item(row, one, signed))
    words = undertaking.text(session, row, one)
    return render_template(
        "elections/undertaking.html", row=row, one=one, form=form, text=words, signed=signed, key=key, item=item
    )


@blueprint.post("/<election>/mine/undertaking/key")
@signed_in
def key_undertaking(election: str) -> Response:
    """The signature of the candidate's own key, made in their browser."""
    row, _ = _mine(election)
    given = sign_files.read_signed(request.form.get("signatures", "").encode())
    if ITEM not in given:
        raise undertaking.WrongSignature
    with context.writing() as session:
        undertaking.add_key(
            session,
            row.community_id,
            row.code,
            person_id=context.person_id(),
            signature=given[ITEM],
            now=context.now(),
        )
    flash(gettext("已用您的钥匙签名"), "ok")
    return _home(row)


@blueprint.post("/<election>/mine/appeal")
@signed_in
def appeal(election: str) -> str | Response:
    row, one = _mine(election)
    form = TextForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                screening.appeal(
                    session,
                    row.community_id,
                    row.code,
                    person_id=context.person_id(),
                    text=(form.text.data or "").replace("\r\n", "\n"),
                    now=context.now(),
                )
            flash(gettext("申诉已提交，答复会写明理由"), "ok")
            return _home(row, "#screening")
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(row, one, appeal_form=form)


@blueprint.post("/<election>/mine/withdraw")
@signed_in
def withdraw(election: str) -> str | Response:
    row, one = _mine(election)
    form = WithdrawForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                listing.withdraw(
                    session,
                    row.community_id,
                    row.code,
                    person_id=context.person_id(),
                    reason=form.reason.data or "",
                    now=context.now(),
                )
            flash(gettext("您已退出这次选举"), "ok")
            return _home(row)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(row, one, withdraw_form=form)


@blueprint.post("/<election>/mine/questions/<question_id>")
@signed_in
def answer(election: str, question_id: str) -> Response:
    row, _ = _mine(election)
    with context.writing() as session:
        questions.answer(
            session,
            row.community_id,
            row.code,
            question_id,
            text=(tidy(request.form.get("text", "")) or "").replace("\r\n", "\n"),
            person_id=context.person_id(),
            now=context.now(),
        )
    flash(gettext("回答已公开"), "ok")
    return _home(row, "#questions")
