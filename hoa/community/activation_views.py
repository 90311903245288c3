"""The way in with a letter: room and code, then a phone of one's own; and issuing the letters."""

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField

from hoa.accounts import rules as account_rules
from hoa.accounts import sending, signing_in
from hoa.accounts import service as accounts
from hoa.accounts.entry import enter
from hoa.accounts.forms import CodeForm, PhoneForm, refuse
from hoa.accounts.views import begin_trial
from hoa.community import activation, letters
from hoa.community.tables import ActivationCode, Unit
from hoa.community.views import blueprint, buildings, download
from hoa.jobs import enqueue
from hoa.kernel import identifiers, masking
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

LETTER = "activation-letter"
PENDING = "activation-code"
TRIAL = "activation"


class LetterForm(Form):
    room = StringField(
        lazy_gettext("房号"),
        validators=[required(), at_most(60)],
        description=lazy_gettext("照信上写，例如 1栋1单元101"),
    )
    code = StringField(
        lazy_gettext("激活码"), validators=[required(), at_most(20)], description=lazy_gettext("信上的 8 位数字")
    )


class ConfirmForm(Form):
    """Nothing to fill in: only the token."""


class IssueForm(Form):
    building = SelectField(lazy_gettext("给谁发信"), validate_choice=True)

    def offer(self) -> None:
        everybody = ("", gettext("全小区尚未激活的业主"))
        self.building.choices = options([everybody, *((building.id, building.name) for building in buildings())])


@blueprint.route("/activate", methods=["GET", "POST"])
@public
def activate() -> str | BaseResponse:
    """Step 1: room and code. The answer for an unknown room is the same as for a wrong code."""
    form = LetterForm(data={"room": request.args.get("room", ""), "code": request.args.get("code", "")})
    if form.validate_on_submit():
        try:
            row = _match(form.room.data or "", form.code.data or "")
        except (activation.WrongLetter, account_rules.TooManyTries) as refusal:
            form.form_errors.append(told(refusal))
        else:
            session[LETTER] = [row.community_id, row.id]
            return redirect(url_for("community.activate_phone"))
    return render_template("community/activate.html", form=form)


def _match(room: str, code: str) -> ActivationCode:
    here, keys = context.community(), context.platform().keys
    meant = "-".join(activation.room_key(room))
    trial = begin_trial(TRIAL, f"{here.id}\n{meant}")
    with context.writing() as writing:
        signing_in.demand_tries_left(writing, trial, now=context.now())
        row = activation.match_letter(writing, keys, here.id, room=room, code=code, now=context.now())
        signing_in.forgive(writing, trial)
    return row


def _letter() -> tuple[str, Any, Any]:
    """The id of the letter that this browser has shown, with its unit and owner."""
    kept = session.get(LETTER)
    here = context.community()
    if not isinstance(kept, list) or len(kept) != 2 or kept[0] != here.id:
        raise activation.WrongLetter
    unit, owner = activation.owner_of_letter(context.reading(), here.id, str(kept[1]), now=context.now())
    return str(kept[1]), unit, owner


@blueprint.route("/activate/phone", methods=["GET", "POST"])
@public
def activate_phone() -> str | BaseResponse:
    """Step 2: the phone by which the owner will sign in; whoever has signed in only confirms."""
    try:
        code_id, unit, owner = _letter()
    except activation.WrongLetter:
        return redirect(url_for("community.activate"))
    if context.me() is not None:
        return _bind_me(code_id, unit, owner)
    form = PhoneForm()
    if form.validate_on_submit():
        try:
            session[PENDING] = _ask_code(identifiers.mobile(form.phone.data or ""))
        except account_rules.AskedTooOften as refusal:
            refuse(form.phone, told(refusal))
        else:
            return redirect(url_for("community.activate_code"))
    return render_template("community/activate_phone.html", form=form, unit=unit, owner=masking.name(owner.name))


def _ask_code(phone: str) -> str:
    trial = begin_trial("code-request", phone)
    with context.writing() as writing:
        keys = context.platform().keys
        asked = signing_in.ask_code(writing, keys, trial, phone=phone, known=True, now=context.now())
    sending.send_soon(asked)
    return asked.id


def _bind_me(code_id: str, unit: Unit, owner: Any) -> str | BaseResponse:
    form = ConfirmForm()
    if form.validate_on_submit():
        with context.writing() as writing:
            activation.use_letter(
                writing,
                context.community().id,
                code_id=code_id,
                person_id=context.person_id(),
                now=context.now(),
            )
        session.pop(LETTER, None)
        return _done()
    return render_template("community/activate_me.html", form=form, unit=unit, owner=masking.name(owner.name))


@blueprint.route("/activate/code", methods=["GET", "POST"])
@public
def activate_code() -> str | BaseResponse:
    """Step 3: the one-time code proves the phone; the account acts for the owner from now on."""
    keys = context.platform().keys
    pending = str(session.get(PENDING, ""))
    phone = signing_in.phone_of_code(context.reading(), keys, pending, now=context.now())
    try:
        code_id, unit, owner = _letter()
    except activation.WrongLetter:
        return redirect(url_for("community.activate"))
    if phone is None:
        flash(gettext("验证码已经过期，请重新获取"), "warn")
        return redirect(url_for("community.activate_phone"))
    form = CodeForm()
    if form.validate_on_submit():
        trial = begin_trial("code", phone)
        try:
            with context.writing() as writing:
                proven = signing_in.redeem_code(
                    writing, keys, trial, code_id=pending, code=form.code.data or "", now=context.now()
                )
                person = accounts.person_for_phone(writing, keys, phone=proven, name=owner.name, now=context.now())
                activation.use_letter(
                    writing, context.community().id, code_id=code_id, person_id=person.id, now=context.now()
                )
                enter(writing, person_id=person.id, method="letter")
        except (account_rules.WrongCode, account_rules.TooManyTries) as refusal:
            refuse(form.code, told(refusal))
        else:
            return _done()
    return render_template("community/activate_code.html", form=form, unit=unit, phone=masking.phone(phone))


def _done() -> BaseResponse:
    flash(gettext("激活成功。以后用手机号登录即可"), "ok")
    return redirect(url_for("community.mine"))


# ---------------------------------------------------------------------------------------------------------- letters


@blueprint.route("/register/letters/", methods=["GET", "POST"])
@requires("register.activate")
def letter_batches() -> str | BaseResponse:
    """Issue letters for a building or everybody who has no account yet; earlier ones to the same owners die."""
    form = IssueForm()
    form.offer()
    if form.validate_on_submit():
        try:
            return redirect(url_for("community.letter_batch", batch_id=_issue(building_id=form.building.data or None)))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    batches = activation.batches(context.reading(), context.community().id)
    return render_template("community/letters.html", form=form, batches=batches)


@blueprint.post("/register/units/<unit_id>/letter")
@requires("register.activate")
def letter_for_unit(unit_id: str) -> BaseResponse:
    """New letters for the owners of one unit."""
    return redirect(url_for("community.letter_batch", batch_id=_issue(unit_id=unit_id)))


def _issue(*, unit_id: str | None = None, building_id: str | None = None) -> str:
    with context.writing() as writing:
        return activation.issue(
            writing,
            context.community().id,
            unit_id=unit_id,
            building_id=building_id,
            by=context.person_id(),
            now=context.now(),
        )


@blueprint.get("/register/letters/<batch_id>")
@requires("register.activate")
def letter_batch(batch_id: str) -> str:
    """The letters of a batch; after the job also the link to its PDF."""
    found = _letters(batch_id)
    return render_template("community/letter_batch.html", letters=found, batch_id=batch_id, pdf=request.args.get("pdf"))


def _letters(batch_id: str) -> Sequence[activation.Letter]:
    here = context.community()
    return activation.letters(context.reading(), context.platform().keys, here.id, here.code, batch_id)


@blueprint.post("/register/letters/<batch_id>/pdf")
@requires("register.activate")
def letter_pdf(batch_id: str) -> BaseResponse:
    """Have the batch made into a PDF in the background."""
    _letters(batch_id)
    with context.writing() as writing:
        job = enqueue(
            writing,
            letters.KIND,
            {"batch": batch_id},
            now=context.now(),
            community_id=context.community().id,
            person_id=context.person_id(),
        )
    return redirect(url_for("jobs.show", job_id=job.id))


@blueprint.get("/register/letters/<batch_id>/<digest>.pdf")
@requires("register.activate")
def letter_file(batch_id: str, digest: str) -> Response:
    """The PDF as made by the job; it is kept sealed, because the codes are on it."""
    platform = context.platform()
    pdf = letters.open_pdf(platform, context.community().id, batch_id, digest)
    return download(pdf, "activation-letters.pdf", "application/pdf")
