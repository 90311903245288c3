"""What is done about filing, registration, seal and account: open to everybody; the steps are written down by those who
took them."""

import io
from typing import Any

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from hoa.db import get
from hoa.kernel.errors import NotFound, Refusal
from hoa.offices import registration
from hoa.offices.after_tables import FilingEvent, FilingRound
from hoa.offices.registration import CHANGE, ELECTION, OUTCOMES, STEPS, Given, Outcome, Step
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.filing import clocks, service, taking
from voting.filing.powers import FILE, READ
from voting.filing.views.shared import blueprint, round_numbered

# Which outcomes a step may have besides being done.
OTHERWISE = {
    Step.RECEIPT: (Outcome.RETURNED,),
    Step.SEAL: (Outcome.NOT_NEEDED,),
    Step.REGISTRATION: (Outcome.NOT_NEEDED,),
    Step.ACCOUNT: (Outcome.NOT_NEEDED,),
}


class StepForm(Form):
    outcome = RadioField(lazy_gettext("结果"), default=Outcome.DONE.value)
    organ = StringField(lazy_gettext("办理机关或单位"), validators=[Optional(), at_most(80)])
    number = StringField(lazy_gettext("编号"), validators=[Optional(), at_most(80)])
    happened_on = DateField(lazy_gettext("办理日期"), validators=[required()])
    file = FileField(lazy_gettext("文件（扫描件或照片）"))
    note = TextAreaField(lazy_gettext("说明"), validators=[Optional(), at_most(registration.TEXT_LENGTH)])
    correct = BooleanField(lazy_gettext("这是更正：原来登记错了"))

    def fit(self, step: Step) -> None:
        """Ask for what this step has."""
        allowed = (Outcome.DONE, *OTHERWISE.get(step, ()))
        self.outcome.choices = options((one.value, gettext(OUTCOMES[one])) for one in allowed)
        self.organ.label.text = gettext(registration.ORGANS[step])
        self.number.label.text = gettext(registration.NUMBERS[step])


class ChangeForm(Form):
    reason = TextAreaField(
        lazy_gettext("哪些成员变更、依据哪份决定"),
        validators=[required(), at_most(registration.TEXT_LENGTH)],
        description=lazy_gettext("例如：候补委员递补一名委员，业主委员会 2026 年第 3 次会议"),
    )


@blueprint.get("/")
@public
def index() -> str:
    """Every round with how far it is, and results that nobody has entered yet."""
    session, here = context.reading(), context.community().id
    return render_template(
        "filing/index.html",
        rounds=[registration.progress(session, row) for row in registration.rounds(session, here)],
        results=taking.results(session, here),
        ELECTION=ELECTION,
    )


@blueprint.get("/<int:round_no>")
@public
def show(round_no: int) -> str:
    found, session = round_numbered(round_no), context.reading()
    so_far = registration.progress(session, found)
    return render_template(
        "filing/round.html",
        found=found,
        so_far=so_far,
        clocks=clocks.of_round(session, found),
        history=registration.events(session, found),
        account=_account(so_far),
        is_change=found.kind == CHANGE,
        **(_papers(found) if context.may(READ) else {"pieces": (), "packs": (), "missing": 0}),
    )


def _account(so_far: registration.Progress) -> str | None:
    """The whole number of the account, for those who write it down."""
    event = so_far.steps.get(Step.ACCOUNT)
    if event is None or not context.may(FILE):
        return None
    return registration.account_number(context.platform().keys, event)


def _papers(found: FilingRound) -> dict[str, Any]:
    session = context.reading()
    pieces = service.pieces(session, service.sources(session, found, context.now()))
    return {
        "pieces": pieces,
        "packs": service.packs(session, found),
        "missing": sum(piece.missing is not None for piece in pieces),
    }


@blueprint.route("/<int:round_no>/steps/<step>", methods=["GET", "POST"])
@requires(FILE)
def record(round_no: int, step: str) -> str | Response:
    """Write down what an authority or a bank did, with its number, day and paper."""
    found, chosen = round_numbered(round_no), _step(step)
    if chosen not in registration.ROUND_STEPS[found.kind]:
        raise NotFound
    form = StepForm()
    form.fit(chosen)
    if form.validate_on_submit():
        try:
            _record(form, found, chosen)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记，公开页面已更新"), "ok")
            return redirect(url_for("filing.show", round_no=round_no))
    own = registration.progress(context.reading(), found).steps[chosen]
    most = uploads.MAX_BYTES // 1024 // 1024
    return render_template(
        "filing/step.html", found=found, step=chosen, form=form, title=gettext(STEPS[chosen]), own=own, most=most
    )


def _step(word: str) -> Step:
    try:
        return Step(word)
    except ValueError:
        raise NotFound from None


def _record(form: StepForm, found: FilingRound, step: Step) -> None:
    assert form.happened_on.data is not None
    sent, platform = form.file.data, context.platform()
    given = Given(
        outcome=Outcome(form.outcome.data),
        organ=form.organ.data or "",
        number=form.number.data or "",
        happened_on=form.happened_on.data,
        note=form.note.data or "",
        correct=bool(form.correct.data),
    )
    with context.writing() as session:
        registration.record(
            session,
            platform.keys,
            platform.files,
            found.community_id,
            round_id=found.id,
            step=step,
            given=given,
            document=(sent.filename or "", sent.read()) if sent else None,
            by=context.person_id(),
            now=context.now(),
        )


@blueprint.get("/documents/<event_id>")
@requires(READ)
def document(event_id: str) -> Response:
    """The paper of a step, as it was sent."""
    event = get(context.reading(), FilingEvent, context.community().id, event_id)
    if event.document is None:
        raise NotFound
    data = context.platform().files.get(event.document)
    media = uploads.media_type(data, event.document_name)
    response = send_file(io.BytesIO(data), mimetype=media, as_attachment=True, download_name=event.document_name)
    response.headers["X-Content-SHA256"] = event.document
    return response


@blueprint.route("/change", methods=["GET", "POST"])
@requires(FILE)
def change() -> str | Response:
    """Begin a new round because the members changed (R2.8)."""
    form = ChangeForm()
    if form.validate_on_submit():
        with context.writing() as session:
            row = registration.refile(
                session, context.community().id, form.reason.data or "", context.now(), by=context.person_id()
            )
        flash(gettext("新一轮备案已开始，期限见下"), "ok")
        return redirect(url_for("filing.show", round_no=row.number))
    return render_template("filing/change.html", form=form)
