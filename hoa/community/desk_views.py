"""The identity desk on screen: find the owner, note the papers, and the second officer's confirmation."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, StringField, TelField
from wtforms.validators import DataRequired

from hoa.community import activation, desk
from hoa.community.rules import CAPACITY_WORDS, Capacity
from hoa.community.tables import IdentityCheck, Owner, Ownership, Unit
from hoa.community.views import blueprint
from hoa.db import get
from hoa.kernel import identifiers
from hoa.kernel.errors import N_, Refusal
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

SAW_PERSON = N_("身份证件原件，人证一致")
SAW_TITLE = N_("不动产权证或购房合同原件，与名册一致")


class StartForm(Form):
    phone = TelField(
        lazy_gettext("业主现在使用的手机号码"),
        validators=[required(), Parses(identifiers.mobile)],
        description=lazy_gettext("以后用它登录；请业主当场确认是本人在用"),
    )
    person = BooleanField(
        lazy_gettext(SAW_PERSON), validators=[DataRequired(message=lazy_gettext("必须看过原件才能核验"))]
    )
    title = BooleanField(
        lazy_gettext(SAW_TITLE), validators=[DataRequired(message=lazy_gettext("必须看过原件才能核验"))]
    )

    capacity = SelectField(lazy_gettext("由谁办理"), default=Capacity.SELF.value)
    acting_name = StringField(lazy_gettext("监护人或授权代表的姓名"), validators=[at_most(40)])
    paper = FileField(
        lazy_gettext("监护证明或授权书"),
        description=lazy_gettext("监护人、单位的授权代表办理时要上传，PDF 或照片，加密保存"),
    )

    def offer(self) -> None:
        self.capacity.choices = options((one.value, gettext(word)) for one, word in CAPACITY_WORDS.items())


class ConfirmForm(Form):
    person = BooleanField(
        lazy_gettext(SAW_PERSON), validators=[DataRequired(message=lazy_gettext("必须看过原件才能核验"))]
    )
    title = BooleanField(
        lazy_gettext(SAW_TITLE), validators=[DataRequired(message=lazy_gettext("必须看过原件才能核验"))]
    )


class RefuseForm(Form):
    reason = StringField(lazy_gettext("不予确认的原因"), validators=[required(), at_most(200)])


@blueprint.get("/desk/")
@requires("register.check")
def desk_start() -> str:
    """What waits for a second officer, and finding an owner by room."""
    session, here, keys = context.reading(), context.community(), context.platform().keys
    room = request.args.get("room", "").strip()[:60]
    found = activation.find_unit(session, here.id, room) if room else None
    return render_template(
        "community/desk.html",
        waiting=desk.cases(session, keys, here.id, state=desk.WAITING),
        closed=desk.cases(session, keys, here.id, state=desk.CONFIRMED, limit=10),
        room=room,
        unit=found,
        owners=_present_owners(found) if found else [],
        my_id=context.person_id(),
    )


def _present_owners(unit: Unit) -> list[tuple[Owner, Ownership]]:
    query = (
        select(Owner, Ownership)
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .where(Ownership.community_id == unit.community_id, Ownership.unit_id == unit.id, Ownership.until.is_(None))
        .order_by(Owner.name)
    )
    return [(owner, ownership) for owner, ownership in context.reading().execute(query)]


@blueprint.route("/desk/owners/<owner_id>", methods=["GET", "POST"])
@requires("register.check")
def desk_check(owner_id: str) -> str | Response:
    """The first officer: which papers were seen, and which phone the owner uses."""
    session, here = context.reading(), context.community()
    owner = get(session, Owner, here.id, owner_id)
    form = StartForm()
    form.offer()
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                desk.start(
                    writing,
                    context.platform().keys,
                    here.id,
                    capacity=Capacity(form.capacity.data),
                    acting_name=form.acting_name.data or "",
                    paper=_paper(form),
                    owner_id=owner_id,
                    phone=form.phone.data or "",
                    documents=f"{SAW_PERSON}\n{SAW_TITLE}",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已记录。请另一名工作人员用自己的账户打开核验点，再次核对后确认"), "ok")
            return redirect(url_for("community.desk_start"))
    return render_template(
        "community/desk_check.html", form=form, owner=owner, units=desk.units_of(context.reading(), here.id, owner_id)
    )


def _paper(form: StartForm) -> desk.Paper | None:
    sent = form.paper.data
    if form.capacity.data == Capacity.SELF.value or not sent:
        return None
    platform, data = context.platform(), sent.stream.read(uploads.MAX_BYTES + 1)
    return desk.keep_paper(
        platform.keys, platform.files, context.community().id, data=data, name=str(sent.filename or "")
    )


@blueprint.get("/desk/checks/<check_id>/paper")
@requires("register.check")
def desk_paper(check_id: str) -> Response:
    """The paper by which somebody acts for the owner; both officers compare it with the original (R1.19)."""
    platform = context.platform()
    check = get(context.reading(), IdentityCheck, context.community().id, check_id)
    data = desk.open_paper(platform.keys, platform.files, check)
    response = Response(data, mimetype=uploads.media_type(data, ""))
    response.headers["Content-Disposition"] = "attachment; filename=" + uploads.safe_name(
        "paper", uploads.media_type(data, "")
    )
    return response


@blueprint.route("/desk/checks/<check_id>", methods=["GET", "POST"])
@requires("register.check")
def desk_confirm(check_id: str) -> str | Response:
    """The second officer, in a session of their own, compares the same papers and confirms."""
    form, refusing = ConfirmForm(), RefuseForm()
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                desk.confirm(
                    writing,
                    context.platform().keys,
                    context.community().id,
                    check_id=check_id,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已由两人核验。业主现在可以用登记的手机号码登录并投票"), "ok")
            return redirect(url_for("community.desk_start"))
    return _case_page(check_id, form, refusing)


@blueprint.post("/desk/checks/<check_id>/refuse")
@requires("register.check")
def desk_refuse(check_id: str) -> str | Response:
    """Stop a check, with the reason."""
    form = RefuseForm()
    if not form.validate_on_submit():
        return _case_page(check_id, ConfirmForm(formdata=None), form)
    with context.writing() as writing:
        desk.refuse(
            writing,
            context.community().id,
            check_id=check_id,
            by=context.person_id(),
            reason=form.reason.data or "",
            now=context.now(),
        )
    flash(gettext("已记录为不予确认，业主的状态没有改变"), "ok")
    return redirect(url_for("community.desk_start"))


def _case_page(check_id: str, form: ConfirmForm, refusing: RefuseForm) -> str:
    case = desk.case(context.reading(), context.platform().keys, context.community().id, check_id)
    return render_template(
        "community/desk_confirm.html",
        case=case,
        form=form,
        refusing=refusing,
        my_id=context.person_id(),
        capacity=CAPACITY_WORDS[Capacity(case.check.capacity)],
        papers=[gettext(line) for line in case.check.documents.split("\n")],
    )
