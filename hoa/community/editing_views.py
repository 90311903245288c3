"""One unit's form: areas and status on one page, owners on another."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from hoa.community import cells, editing, service
from hoa.community.entries import OwnerEntry
from hoa.community.rules import KIND_WORDS, STATUS_WORDS, Areas, Kind, Status
from hoa.community.tables import Owner, Ownership, Unit
from hoa.community.views import blueprint
from hoa.db import get
from hoa.kernel import area, identifiers
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

NEWCOMERS = 3


class IncompleteNewcomer(Refusal):
    message = N_("第 %(n)s 位新业主没有填姓名，请补上或者清空这一行")


class DetailsForm(Form):
    kind = SelectField(lazy_gettext("用途"))
    status = SelectField(lazy_gettext("交付状态"))
    registered = StringField(lazy_gettext("不动产登记面积（平方米）"), validators=[at_most(30)])
    surveyed = StringField(lazy_gettext("实测面积（平方米）"), validators=[at_most(30)])
    contract = StringField(lazy_gettext("合同面积（平方米）"), validators=[at_most(30)])
    note = TextAreaField(lazy_gettext("备注"), validators=[at_most(200)])
    basis = StringField(lazy_gettext("依据的文件和编号"), validators=[required(), at_most(120)])
    version = HiddenField()

    def details(self) -> editing.Details:
        return editing.Details(
            Kind(self.kind.data),
            Status(self.status.data),
            Areas(*(_area(field.data) for field in (self.registered, self.surveyed, self.contract))),
            self.note.data or "",
        )


class TransferForm(Form):
    staying = SelectMultipleField(
        lazy_gettext("仍是业主的"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    day = DateField(lazy_gettext("过户日期"), validators=[required()])
    basis = StringField(lazy_gettext("依据的文件和编号"), validators=[required(), at_most(120)])
    version = HiddenField()


for _number in range(1, NEWCOMERS + 1):
    setattr(TransferForm, f"name{_number}", StringField(lazy_gettext("姓名或名称"), validators=[at_most(120)]))
    setattr(TransferForm, f"identifier{_number}", StringField(lazy_gettext("证件号码"), validators=[at_most(40)]))
    setattr(TransferForm, f"phone{_number}", StringField(lazy_gettext("手机号"), validators=[at_most(30)]))
    setattr(TransferForm, f"share{_number}", StringField(lazy_gettext("共有份额"), validators=[at_most(20)]))


def _area(text: str | None) -> int | None:
    return area.parse(text) if text else None


def _version(form: Any) -> int:
    text = form.version.data or ""
    return int(text) if text.isdecimal() and len(text) < 10 else -1


@blueprint.route("/register/units/<unit_id>/edit", methods=["GET", "POST"])
@requires("register.edit")
def edit_unit(unit_id: str) -> str | Response:
    """Areas, use, status and note of one unit."""
    session, here = context.reading(), context.community()
    unit = get(session, Unit, here.id, unit_id)
    form = DetailsForm(obj=unit)
    form.kind.choices = options([(kind.value, gettext(words)) for kind, words in KIND_WORDS.items()])
    form.status.choices = options([(status.value, gettext(words)) for status, words in STATUS_WORDS.items()])
    if request.method == "GET":
        form.version.data = str(service.get_community(session, here.id).register_version)
        for field, value in zip(
            (form.registered, form.surveyed, form.contract),
            (unit.area_registered, unit.area_surveyed, unit.area_contract),
            strict=True,
        ):
            field.data = area.plain(value) if value is not None else ""
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                editing.change(
                    writing,
                    context.platform().keys,
                    here.id,
                    unit_id,
                    form.details(),
                    basis=form.basis.data or "",
                    version=_version(form),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已保存，变动记录里有这一次的依据"), "ok")
            return redirect(url_for("community.unit", unit_id=unit_id))
    return render_template("community/unit_edit.html", unit=unit, form=form)


@blueprint.route("/register/units/<unit_id>/transfer", methods=["GET", "POST"])
@requires("register.edit")
def transfer_unit(unit_id: str) -> str | Response:
    """A sale, an inheritance, a change of co-owners: who owns the unit from which day on."""
    session, here = context.reading(), context.community()
    unit = get(session, Unit, here.id, unit_id)
    form = TransferForm()
    form.staying.choices = options(_present(here.id, unit_id))
    if request.method == "GET":
        form.version.data = str(service.get_community(session, here.id).register_version)
        form.day.data = today(context.now())
    if form.validate_on_submit():
        assert form.day.data is not None
        try:
            joining = _joining(form)
            with context.writing() as writing:
                editing.transfer(
                    writing,
                    context.platform().keys,
                    here.id,
                    unit_id,
                    staying=form.staying.data or (),
                    joining=joining,
                    day=form.day.data,
                    basis=form.basis.data or "",
                    version=_version(form),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("业主已变更，原业主的权限随之结束；新业主要重新核验身份"), "ok")
            return redirect(url_for("community.unit", unit_id=unit_id))
    return render_template("community/unit_transfer.html", unit=unit, form=form, newcomers=range(1, NEWCOMERS + 1))


def _present(community_id: str, unit_id: str) -> list[tuple[str, str]]:
    query = (
        select(Owner.id, Owner.name)
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .where(Owner.community_id == community_id, Ownership.unit_id == unit_id, Ownership.until.is_(None))
        .order_by(Owner.name, Owner.id)
    )
    return [(owner_id, name) for owner_id, name in context.reading().execute(query)]


def _joining(form: TransferForm) -> list[OwnerEntry]:
    """The new owners as typed, each checked as a workbook's would be."""
    found = []
    for n in range(1, NEWCOMERS + 1):
        typed = (form[f"{part}{n}"].data or "" for part in ("name", "identifier", "phone", "share"))
        name, number, phone, share = typed
        if not name:
            if number or phone or share:
                raise IncompleteNewcomer(n=n)
            continue
        called = cells.name(name)
        identifier, organisation = (
            cells.identifier(number, called) if number else (None, cells.looks_like_organisation(called))
        )
        found.append(
            OwnerEntry(
                called,
                identifier=identifier,
                organisation=organisation,
                phone=identifiers.mobile(phone) if phone else None,
                share=cells.text(share) or None,
            )
        )
    return found
