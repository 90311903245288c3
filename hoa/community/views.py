"""The register on screen: the list, one unit, my rooms, files to take away, and creating a community."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField

from hoa.accounts.rules import TooManyTries
from hoa.accounts.signing_in import demand_tries_left, forgive
from hoa.accounts.views import begin_trial
from hoa.community import activation, export, rules, service
from hoa.community.rules import BASIS_WORDS, KIND_WORDS, LEVEL_WORDS, STATUS_WORDS, Elector, Sentence
from hoa.community.tables import Building, Community, Owner, Ownership, RegisterChange, Unit
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OWNER_FIELD = N_("业主")

blueprint = Blueprint("community", __name__, url_prefix="/c/<community_code>")
administration = Blueprint("community_administration", __name__, url_prefix="/platform/communities")


class ClaimForm(Form):
    room = StringField(
        lazy_gettext("房号"), validators=[required(), at_most(60)], description=lazy_gettext("例如 1栋1单元101")
    )
    name = StringField(lazy_gettext("业主姓名"), validators=[required(), at_most(120)])


class CommunityForm(Form):
    name = StringField(lazy_gettext("小区名称"), validators=[required(), at_most(60)])
    code = StringField(
        lazy_gettext("小区代码"),
        validators=[required(), at_most(12)],
        description=lazy_gettext("2 至 12 个大写字母或数字，会出现在网址里，例如 WTY；以后不能改"),
    )
    help_phone = StringField(
        lazy_gettext("求助电话"),
        validators=[at_most(20)],
        description=lazy_gettext("业主遇到困难时拨打，显示在每一页的底部"),
    )


@blueprint.app_template_filter()
def shown_name(name: str) -> str:
    """A name as this viewer may see it."""
    return name if context.may("register.names") else masking.name(name)


def spoken(sentence: Sentence) -> str:
    """A sentence of pure code in the reader's language."""
    return str(gettext(sentence.message, **sentence.params) if sentence.params else gettext(sentence.message))


@blueprint.app_context_processor
def _words() -> dict[str, object]:
    return {
        "kind_words": KIND_WORDS,
        "status_words": STATUS_WORDS,
        "basis_words": BASIS_WORDS,
        "level_words": LEVEL_WORDS,
        "shown_name": shown_name,
        "spoken": spoken,
    }


# --------------------------------------------------------------------------------------------------------- the list


@blueprint.get("/register/")
@requires("register.read")
def register() -> str:
    """Units with area and status; names masked for those without the power."""
    session, here = context.reading(), context.community()
    query = _matching(here.id, request.args.get("q", "").strip()[:60], request.args.get("building", ""))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    units = session.scalars(query.order_by(Unit.position).limit(PAGE).offset((page - 1) * PAGE)).all()
    return render_template(
        "community/register.html",
        units=units,
        owners=_owners_of(here.id, [unit.id for unit in units]),
        buildings=buildings(),
        totals=service.totals(session, here.id),
        total=total,
        page=page,
        pages=pages,
        q=request.args.get("q", ""),
        building=request.args.get("building", ""),
    )


def _matching(community_id: str, wanted: str, building: str) -> Select[Unit]:
    query = select(Unit).where(Unit.community_id == community_id, Unit.removed_at.is_(None))
    if building:
        query = query.where(Unit.building_id == building)
    if not wanted:
        return query
    room = Unit.label.contains(wanted, autoescape=True) | Unit.code.contains(wanted.upper(), autoescape=True)
    if not context.may("register.names"):
        return query.where(room)
    named = (
        select(Ownership.unit_id)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.until.is_(None))
        .where(Owner.name.contains(wanted, autoescape=True))
    )
    return query.where(room | Unit.id.in_(named))


def buildings() -> Sequence[Building]:
    """The buildings of this community, in the order of their first unit."""
    here = context.community()
    first = (
        select(Unit.building_id, func.min(Unit.position).label("first"))
        .where(Unit.community_id == here.id, Unit.removed_at.is_(None))
        .group_by(Unit.building_id)
        .subquery()
    )
    query = select(Building).join(first, first.c.building_id == Building.id).where(Building.community_id == here.id)
    return context.reading().scalars(query.order_by(first.c.first)).all()


def _owners_of(community_id: str, unit_ids: Sequence[str]) -> dict[str, list[str]]:
    query = (
        select(Ownership.unit_id, Owner.name)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == community_id, Ownership.unit_id.in_(unit_ids), Ownership.until.is_(None))
        .order_by(Owner.name)
    )
    found: dict[str, list[str]] = {}
    for unit_id, name in context.reading().execute(query):
        found.setdefault(unit_id, []).append(shown_name(name))
    return found


@blueprint.get("/register/export.<ending>")
@requires("register.names")
def export_file(ending: str) -> Response:
    """The whole register as a file; importing it again changes nothing."""
    session, here = context.reading(), context.community()
    if ending not in ("xlsx", "csv"):
        raise NotFound
    found = export.rows(session, here.id)
    data = export.as_csv(found) if ending == "csv" else export.as_xlsx(found, title=here.name)
    return download(data, f"{here.code}-register.{ending}", "text/csv; charset=utf-8" if ending == "csv" else XLSX)


@blueprint.get("/register/template.xlsx")
@requires("register.edit")
def template_file() -> Response:
    """An empty workbook with the right headings."""
    return download(export.template(), "register-template.xlsx", XLSX)


def download(data: bytes, name: str, kind: str) -> Response:
    """Always as an attachment: nothing that somebody typed is opened inside our pages."""
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# ----------------------------------------------------------------------------------------------------------- a unit


@blueprint.get("/register/units/<unit_id>")
@requires("register.read")
def unit(unit_id: str) -> str:
    """One unit: its areas, its owners now and before, why it counts as it does, and what was changed when."""
    session, here = context.reading(), context.community()
    row = get(session, Unit, here.id, unit_id)
    query = (
        select(Ownership, Owner)
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(Ownership.community_id == here.id, Ownership.unit_id == row.id)
        .order_by(Ownership.since, Owner.name)
    )
    owned = [(ownership, owner) for ownership, owner in session.execute(query)]
    return render_template(
        "community/unit.html",
        unit=row,
        present=[pair for pair in owned if pair[0].until is None],
        past=[pair for pair in owned if pair[0].until is not None],
        elector=_elector_of_unit(row.id),
        history=[_told_change(change) for change in _history(here.id, row.id)],
        without_account=any(ownership.until is None and owner.person_id is None for ownership, owner in owned),
    )


def _elector_of_unit(unit_id: str) -> Elector | None:
    found = service.electors(context.reading(), context.community().id)
    return next((elector for elector in found if any(unit.unit == unit_id for unit in elector.units)), None)


def _history(community_id: str, unit_id: str) -> Sequence[RegisterChange]:
    query = select(RegisterChange).where(RegisterChange.community_id == community_id, RegisterChange.unit_id == unit_id)
    return context.reading().scalars(query.order_by(RegisterChange.at.desc(), RegisterChange.id)).all()


def _told_change(change: RegisterChange) -> dict[str, Any]:
    before, after = change.before, change.after
    if change.words:
        before, after = gettext(before), gettext(after)
    if change.field == OWNER_FIELD:
        before, after = ("、".join(shown_name(name) for name in text.split("、") if name) for text in (before, after))
    return {"at": change.at, "field": gettext(change.field), "before": before, "after": after}


# --------------------------------------------------------------------------------------------------------- my rooms


@blueprint.route("/mine", methods=["GET", "POST"])
@signed_in
def mine() -> str | BaseResponse:
    """What I own here, how it counts and why; what is missing before I can vote; claiming what my phone stands for."""
    form = ClaimForm()
    if form.validate_on_submit():
        try:
            _claim(form.room.data or "", form.name.data or "")
        except (activation.WrongClaim, TooManyTries) as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已认领。投票前请带证件到核验点核验一次"), "ok")
            return redirect(url_for("community.mine"))
    session, here = context.reading(), context.community()
    person_id, keys = context.person_id(), context.platform().keys
    return render_template(
        "community/mine.html",
        form=form,
        claimable=activation.claimable(session, keys, here.id, person_id),
        electors=service.elector_of(session, here.id, person_id),
        owned=service.ownerships_of(session, here.id, person_id),
        level=service.identity_level(session, here.id, person_id),
        totals=service.totals(session, here.id),
        V2=rules.IdentityLevel.V2,
    )


def _claim(room: str, name: str) -> None:
    here, keys = context.community(), context.platform().keys
    trial = begin_trial("claim", f"{here.id}\n{context.person_id()}")
    with context.writing() as session:
        demand_tries_left(session, trial, now=context.now())
        activation.claim(session, keys, here.id, person_id=context.person_id(), room=room, name=name, now=context.now())
        forgive(session, trial)


# ------------------------------------------------------------------------------------------------- new communities


@administration.get("/")
@requires("platform.administer")
def communities() -> str:
    """Every community of this deployment; the administrator sees that they exist and how large they are, no more."""
    session = context.reading()
    query = select(Community, func.count(Unit.id)).outerjoin(
        Unit, (Unit.community_id == Community.id) & Unit.removed_at.is_(None)
    )
    rows = [(here, units) for here, units in session.execute(query.group_by(Community.id).order_by(Community.code))]
    return render_template("community/communities.html", rows=rows)


@administration.route("/new", methods=["GET", "POST"])
@requires("platform.administer")
def new() -> str | BaseResponse:
    """A new community; its first officers are named on the next page."""
    form = CommunityForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                here = service.create(
                    session,
                    code=form.code.data or "",
                    name=form.name.data or "",
                    help_phone=form.help_phone.data or None,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("小区已创建。下一步：任命街道和居委会的人员，由他们导入名册"), "ok")
            return redirect(url_for("offices_administration.first", code=here.code))
    return render_template("community/new.html", form=form)
