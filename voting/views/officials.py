"""Who counts, scrutinises, works and witnesses: chosen in the draft, frozen with their keys by the notice, and a lost
key replaced afterwards (rules.md R1.38; docs/audit-package.md 3 and 5.5)."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField

from hoa.accounts import personal_keys
from hoa.db import get
from hoa.kernel.errors import N_, NotAllowed, NotFound, Refusal
from hoa.offices import service as offices
from hoa.offices.rules import BODIES, PARTY, called
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, options, required, tidy
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.rules.life import State
from voting.rules.officials import ROLE_TITLES, Role
from voting.service import key_changes, officials, proposals, steps
from voting.tables import Assembly, Official
from voting.views.shared import address, blueprint, find

SIGNERS_TWICE = 2


class ChangeWaits(Refusal):
    message = N_("更换这把钥匙的申请已经在等签名，不需要再提一次")
    status = 409


class SameKey(Refusal):
    message = N_("登记的还是公告里的那把钥匙。请本人先到“我的签名钥匙”生成一把新的，再来更换")
    status = 409


class OfficialForm(Form):
    role = SelectField(lazy_gettext("做什么"), validators=[required()])
    name = StringField(
        lazy_gettext("公告里怎么称呼"),
        validators=[at_most(40)],
        description=lazy_gettext("不填就用姓名；公告和记录会写明"),
    )


class WitnessForm(Form):
    title = StringField(
        lazy_gettext("见证人是谁"),
        validators=[required(), at_most(80)],
        description=lazy_gettext("例如：社区居委会、某业主、会计师事务所"),
    )
    vkey = StringField(
        lazy_gettext("验证公钥（vkey）"),
        validators=[required(), at_most(300)],
        description=lazy_gettext("见证人运行 hoa witness 后写出的一行，原样粘贴"),
    )
    belongs = SelectField(
        lazy_gettext("是不是平台运营方的人"),
        validators=[required()],
        choices=options(
            [
                ("", lazy_gettext("请选择")),
                ("outside", lazy_gettext("运营方以外")),
                ("operator", lazy_gettext("运营方")),
            ]
        ),
    )


class KeyForm(Form):
    reason = TextAreaField(lazy_gettext("为什么更换"), validators=[required(), at_most(200)])


def _official_form() -> OfficialForm:
    form = OfficialForm()
    form.role.choices = options([("", gettext("请选择")), *((role.value, gettext(ROLE_TITLES[role])) for role in Role)])
    return form


@blueprint.get("/<code>/officials")
@requires(CONVENE)
def officials_page(code: str) -> str:
    """Who does what in this assembly, whether each can sign, and who else may be asked."""
    return _page(find(code), _official_form(), WitnessForm(formdata=None))


def _page(assembly: Assembly, form: OfficialForm, witness: WitnessForm) -> str:
    session, now = context.reading(), context.now()
    asked = tidy(request.values.get("q", "")) or ""
    taken = {one.person_id for one in officials.of(session, assembly)}
    draft = assembly.step is State.DRAFT
    found = officials.find(session, context.platform().keys, assembly, asked, now=now) if draft and asked else []
    return render_template(
        "voting/officials.html",
        assembly=assembly,
        form=form,
        witness_form=witness,
        people=[(one, _key_state(session, assembly, one)) for one in officials.of(session, assembly)],
        witnesses=officials.witnesses(session, assembly),
        holders=_holders(session, assembly, taken) if draft else [],
        asked=asked,
        found=[one for one in found if one.person.id not in taken],
        warnings=notice_warnings(assembly),
        keys_address=_keys_address(),
        ROLE_TITLES=ROLE_TITLES,
    )


def _keys_address() -> str:
    return context.platform().settings.base_url + url_for("accounts.signing_keys")


def _holders(session: Session, assembly: Assembly, taken: set[str]) -> list[Any]:
    """People in office, each once with their first post, who have no role yet."""
    people: dict[str, tuple[Any, str]] = {}
    for office, person in offices.roster(session, assembly.community_id, now=context.now()):
        # A post in the party's organisation is shown by consent, on the roster; here whoever is meant is searched for.
        if person.id not in taken and office.post not in PARTY:
            people.setdefault(person.id, (person, gettext(BODIES[office.post.body]) + gettext(called(office.post))))
    return list(people.values())


def _key_state(session: Session, assembly: Assembly, one: Official) -> str:
    """`none`: nothing to sign with; `ready`; `ended`: replaced; `changed`: the registered key is not the notice's."""
    if one.ended_at is not None:
        return "ended"
    key = personal_keys.current(session, one.person_id)
    if assembly.step is State.DRAFT:
        return "none" if key is None else "ready"
    return "ready" if key is not None and key.key_id == one.key_id else "changed"


def notice_warnings(assembly: Assembly) -> list[str]:
    """What a notice given now would leave out; each costs the record something that cannot be added later."""
    if assembly.step is not State.DRAFT:
        return []
    session = context.reading()
    people, witnesses = officials.of(session, assembly), officials.witnesses(session, assembly)
    roles = [one.role for one in people]
    found = []
    if Role.COUNTER not in roles and Role.SCRUTINEER not in roles:
        found.append(
            gettext("没有指定计票人和监票人：结果只有平台的签名，没有人为计票负责。应有两名计票人、一名监票人。")
        )
    if not witnesses:
        found.append(gettext("没有见证人：平台若在事后改写整份日志，只有留着回执的业主能发现。"))
    elif not any(one.outside for one in witnesses):
        found.append(gettext("见证人都是平台运营方的人，至少要有一位不是，否则不能公告。"))
    offline = {"meeting", "paper"} & set(assembly.channels)
    if len(people) < SIGNERS_TWICE and offline:
        found.append(gettext("纸质票和现场票要两个人签名才能录入，现在指定的工作人员不够两名。"))
    without = [one.name for one in people if personal_keys.current(session, one.person_id) is None]
    if without:
        found.append(gettext("还没有签名钥匙，不能公告：%(names)s", names="、".join(without)))
    return found


@blueprint.post("/<code>/officials")
@requires(CONVENE)
def add_official(code: str) -> str | Response:
    """Give somebody a role: a person of this community, found by the page's list or search."""
    assembly = find(code)
    form = _official_form()
    person_id = request.form.get("person", "")
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = steps.locked(session, assembly.community_id, assembly.id)
                if not officials.belongs(session, row, person_id, now=context.now()):
                    raise NotFound
                added = officials.add(
                    session,
                    row,
                    person_id=person_id,
                    role=Role(form.role.data),
                    name=form.name.data or None,
                    now=context.now(),
                )
                flash(gettext("已添加 %(name)s。", name=added.name), "ok")
            return _back(assembly)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(assembly, form, WitnessForm(formdata=None))


@blueprint.post("/<code>/officials/<official_id>/remove")
@requires(CONVENE)
def remove_official(code: str, official_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        row = steps.locked(session, assembly.community_id, assembly.id)
        officials.remove(session, row, official_id)
    flash(gettext("已移出。"), "ok")
    return _back(assembly)


@blueprint.post("/<code>/officials/witnesses")
@requires(CONVENE)
def add_witness(code: str) -> str | Response:
    assembly = find(code)
    form = WitnessForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = steps.locked(session, assembly.community_id, assembly.id)
                officials.add_witness(
                    session,
                    row,
                    vkey=form.vkey.data or "",
                    title=form.title.data or "",
                    outside=form.belongs.data == "outside",
                    now=context.now(),
                )
            flash(gettext("已添加见证人。"), "ok")
            return _back(assembly)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(assembly, _official_form(), form)


@blueprint.post("/<code>/officials/witnesses/<witness_id>/remove")
@requires(CONVENE)
def remove_witness(code: str, witness_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        row = steps.locked(session, assembly.community_id, assembly.id)
        officials.remove_witness(session, row, witness_id)
    flash(gettext("已移出。"), "ok")
    return _back(assembly)


def _back(assembly: Assembly) -> Response:
    return redirect(url_for("voting.officials_page", code=assembly.code))


# ------------------------------------------------------------------------------------------ a key lost after the notice


@blueprint.route("/<code>/officials/<official_id>/key", methods=["GET", "POST"])
@signed_in
def change_key(code: str, official_id: str) -> str | Response:
    """Ask for a new key in the place of a lost one: its owner or a convener asks, two officials sign."""
    assembly = find(code)
    official = get(context.reading(), Official, assembly.community_id, official_id)
    if official.assembly_id != assembly.id or assembly.step is State.DRAFT:
        raise NotFound
    if official.person_id != context.person_id() and not context.may(CONVENE):
        raise NotAllowed
    form = KeyForm()
    if form.validate_on_submit():
        try:
            _propose_key(assembly, official_id, form.reason.data or "")
            flash(gettext("已提出更换，请另外两位工作人员到“待签名”页签名。"), "ok")
            return redirect(url_for("voting.change_key", code=assembly.code, official_id=official_id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    session = context.reading()
    official = get(session, Official, assembly.community_id, official_id)
    registered = personal_keys.current(session, official.person_id)
    return render_template(
        "voting/change_key.html",
        assembly=assembly,
        official=official,
        role=ROLE_TITLES[Role(official.role)],
        form=form,
        registered=registered if registered and registered.key_id != official.key_id else None,
        waits=_waits(session, assembly, official_id),
        keys_address=_keys_address(),
        sign_address=address("voting.sign", code=assembly.code),
    )


def _waits(session: Session, assembly: Assembly, official_id: str) -> bool:
    return any(row.state == proposals.WAITING for row in proposals.about(session, assembly, official_id))


def _propose_key(assembly: Assembly, official_id: str, reason: str) -> None:
    with context.writing() as session:
        row = steps.locked(session, assembly.community_id, assembly.id)
        official = get(session, Official, assembly.community_id, official_id)
        if _waits(session, row, official_id):
            raise ChangeWaits
        registered = personal_keys.current(session, official.person_id)
        if registered is not None and registered.key_id == official.key_id:
            raise SameKey
        entry = key_changes.persons_key(
            session,
            row,
            person_id=official.person_id,
            role=Role(official.role),
            name=official.name,
            replaces=official,
            reason=reason,
            now=context.now(),
        )
        proposals.propose(
            session,
            context.platform().keys,
            row,
            entry,
            by=context.person_id(),
            now=context.now(),
            subject=official_id,
        )
