"""The group on screen: who is in it, what the law still misses, forming it."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.offices.preparing import paperwork, service, words
from hoa.offices.preparing.forms import FormingForm, MemberForm, ReasonForm, given, wanted_file
from hoa.offices.preparing.rules.composition import DELEGATIONS, INVITED, WITHOUT_OFFICE
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.tables import PreparationMember
from hoa.offices.preparing.views import blueprint, found_here
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told


class OtherName(Refusal):
    message = N_("这个手机号的账户是%(name)s的，与填写的姓名不一致，请核对")


@blueprint.route("/<preparation_id>/group", methods=["GET", "POST"])
@requires("preparing.run")
def group(preparation_id: str) -> str | Response:
    """Members and what is missing; the form adds one."""
    form = MemberForm()
    form.offer()
    if form.validate_on_submit():
        try:
            _add(preparation_id, form)
            flash(gettext("已登记"), "ok")
            return _back(preparation_id)
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            form.form_errors.append(told(refusal))
    return _page(preparation_id, form, FormingForm(formdata=None, formed_on=today(context.now())))


@blueprint.post("/<preparation_id>/group/form")
@requires("preparing.run")
def form_group(preparation_id: str) -> str | Response:
    """The street's decision, when nothing the law asks for is missing."""
    forming = FormingForm()
    if forming.validate_on_submit():
        try:
            _form(preparation_id, forming)
            flash(gettext("小组已成立，成员的权限从现在开始"), "ok")
            return redirect(url_for("preparing.show", preparation_id=preparation_id))
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            forming.form_errors.append(told(refusal))
    adding = MemberForm(formdata=None)
    adding.offer()
    return _page(preparation_id, adding, forming)


@blueprint.route("/<preparation_id>/group/<member_id>/remove", methods=["GET", "POST"])
@requires("preparing.run")
def remove_member(preparation_id: str, member_id: str) -> str | Response:
    found = found_here(preparation_id)
    member = get(context.reading(), PreparationMember, context.community().id, member_id)
    form = ReasonForm()
    if form.validate_on_submit():
        with context.writing() as session:
            service.remove_member(
                session,
                context.community().id,
                preparation_id,
                member_id,
                reason=form.reason.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("已移出，记录保留"), "ok")
        return _back(preparation_id)
    return render_template(
        "offices/preparing_remove.html",
        form=form,
        row=found.row,
        member=member,
        title=words.TITLES[found.row.what],
        delegations=DELEGATIONS,
    )


def _page(preparation_id: str, form: MemberForm, forming: FormingForm) -> str:
    found = found_here(preparation_id)
    return render_template(
        "offices/preparing_group.html",
        found=found,
        row=found.row,
        title=words.TITLES[found.row.what],
        group=words.GROUPS[found.row.what],
        form=form,
        forming=forming,
        delegations=DELEGATIONS,
        invited=found.pack.text("preparatory_party") == INVITED,
        without_office=WITHOUT_OFFICE,
    )


def _form(preparation_id: str, forming: FormingForm) -> None:
    """Keep the street's decision and form the group on it, both or neither."""
    upload, platform, here = wanted_file("decision"), context.platform(), context.community().id
    by, now = context.person_id(), context.now()
    with context.writing() as session:
        decision = paperwork.file_paper(
            session,
            platform.keys,
            platform.files,
            here,
            preparation_id,
            kind=Paper.EVIDENCE,
            upload=upload,
            by=by,
            now=now,
        )
        service.form(
            session,
            here,
            preparation_id,
            formed_on=given(forming.formed_on.data),
            decision=decision.id,
            reason=forming.reason.data or "",
            by=by,
            now=now,
        )


def _add(preparation_id: str, form: MemberForm) -> None:
    platform, name = context.platform(), form.name.data or ""
    with context.writing() as session:
        person_id = None
        if form.speaks_for not in WITHOUT_OFFICE and form.phone.data:
            person = accounts.person_for_phone(
                session, platform.keys, phone=form.phone.data, name=name, now=context.now()
            )
            if person.name != name:
                raise OtherName(name=masking.name(person.name))
            person_id = person.id
        service.add_member(
            session,
            context.community().id,
            preparation_id,
            name=name,
            delegation=form.speaks_for,
            basis=form.basis.data or "",
            person_id=person_id,
            leader=bool(form.leader.data),
            consent=bool(form.consent.data),
            by=context.person_id(),
            now=context.now(),
        )


def _back(preparation_id: str) -> Response:
    return redirect(url_for("preparing.group", preparation_id=preparation_id))
