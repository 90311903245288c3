"""共性问题: suggestions about one cause, put together from the list and raised as one."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField

from hoa.accounts import service as accounts
from hoa.affairs.powers import READ, SORT
from hoa.affairs.rules.wording import REASON_LENGTH, TEXT_LENGTH, TITLE_LENGTH
from hoa.affairs.service import clusters as service
from hoa.affairs.service import desk, life, reading
from hoa.affairs.tables import Cluster, Suggestion
from hoa.affairs.views.sorting.base import blueprint, name_word, unit_names
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.offices.rules import BODIES
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

# Who can do something about a common cause: above the compound, in it, or as its manager.
RAISED_TO = ("residents_committee", "street_office", "owners_committee", "party_branch", "property_manager")


class ClusterForm(Form):
    title = StringField(
        lazy_gettext("共性问题"),
        validators=[required(), at_most(TITLE_LENGTH)],
        description=lazy_gettext("大家都能看到，不要写姓名、电话和房号"),
    )
    text = TextAreaField(lazy_gettext("共同的原因和建议"), validators=[at_most(TEXT_LENGTH)])


class AddForm(Form):
    label = StringField(
        lazy_gettext("再归入哪一件（编号）"),
        validators=[required(), at_most(20)],
        description=lazy_gettext("例如 2026-0012"),
    )


class TakeForm(Form):
    which = SelectField(lazy_gettext("移出哪一件"), validators=[required()])
    reason = TextAreaField(
        lazy_gettext("移出的理由"),
        validators=[required(), at_most(REASON_LENGTH)],
        description=lazy_gettext("提出人看得到"),
    )

    def offer(self, rows: Sequence[Suggestion]) -> None:
        """Those that may still be taken out."""
        named = ((row.id, f"{row.label} {name_word(row)}") for row in rows if service.is_open(row))
        self.which.choices = options([("", gettext("请选择")), *named])


class RaiseForm(Form):
    to = SelectField(lazy_gettext("上报给"), validators=[required()])
    reason = TextAreaField(
        lazy_gettext("上报的理由"),
        validators=[required(), at_most(REASON_LENGTH)],
        description=lazy_gettext("每一件的提出人都看得到"),
    )

    def offer(self) -> None:
        self.to.choices = options([("", gettext("请选择")), *((body, gettext(BODIES[body])) for body in RAISED_TO)])


# Three forms stand on one page: each has its own names.
PREFIX: Mapping[type[Form], str] = {RaiseForm: "", AddForm: "add-", TakeForm: "take-"}
Sent = TypeVar("Sent", bound=Form)
Answer = str | Response | tuple[str, int]


@blueprint.get("/clusters")
@requires(READ)
def clusters() -> str:
    """The latest first, with how many suggestions each has."""
    session, here = context.reading(), context.community()
    query = (
        select(Cluster, func.count(Suggestion.id))
        .join(Suggestion, (Suggestion.community_id == Cluster.community_id) & (Suggestion.cluster_id == Cluster.id))
        .where(Cluster.community_id == here.id)
        .group_by(Cluster.community_id, Cluster.id)
        .order_by(Cluster.made_at.desc(), Cluster.id)
    )
    rows = session.execute(query).all()
    return render_template("affairs/sorting_clusters.html", rows=rows, bodies=BODIES)


@blueprint.route("/clusters/new", methods=["GET", "POST"])
@requires(SORT)
def new_cluster() -> str | Response:
    """What was ticked in the list (`ids` in the address) gets a common name."""
    session, here, form = context.reading(), context.community(), ClusterForm()
    ids = list(dict.fromkeys(request.args.getlist("ids")))
    rows = [reading.find(session, here.id, one) for one in ids]
    if form.validate_on_submit():
        try:
            with context.writing() as writing:
                made = life.make_cluster(
                    writing,
                    here.id,
                    ids,
                    title=form.title.data or "",
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已归为共性问题 %(label)s", label=made.label), "ok")
            return redirect(url_for("sorting.cluster", cluster_id=made.id))
    return render_template("affairs/sorting_cluster_new.html", form=form, rows=rows, fewest=service.FEWEST)


@blueprint.get("/clusters/<cluster_id>")
@requires(READ)
def cluster(cluster_id: str) -> str:
    return _page(context.reading(), cluster_id)


def _page(session: Session, cluster_id: str, filled: Form | None = None) -> str:
    """The page; `filled` is the one form that was sent and could not be carried out, with what was typed."""
    row = get(session, Cluster, context.community().id, cluster_id)
    rows, day = service.members(session, row), today(context.now())
    raising, adding, taking = _blank(filled, RaiseForm), _blank(filled, AddForm), _blank(filled, TakeForm)
    raising.offer()
    taking.offer(rows)
    may_change = context.may(SORT) and any(service.is_open(one) for one in rows)
    return render_template(
        "affairs/sorting_cluster.html",
        cluster=row,
        rows=rows,
        standings={one.id: reading.standing(one, day) for one in rows},
        units=unit_names(),
        name=accounts.names(session, [row.made_by_id]).get(row.made_by_id, ""),
        body=BODIES.get(row.raised_to, ""),
        raising=raising,
        adding=adding,
        taking=taking,
        may_raise=may_change and row.raised_at is None,
        may_change=may_change,
        may_take=may_change and len(rows) > service.FEWEST,
    )


def _blank(filled: Form | None, kind: type[Sent]) -> Sent:
    """The form that was sent if it is of this kind, else an empty one."""
    return filled if isinstance(filled, kind) else kind(formdata=None, prefix=PREFIX[kind])


def _carried_out(cluster_id: str, form: Form, run: Callable[[Session], object], done: str) -> Answer:
    """Carry out what a form of the page asks for; refused, the page comes again with what was typed."""
    get(context.reading(), Cluster, context.community().id, cluster_id)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                run(session)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
            return _page(context.reading(), cluster_id, form), refusal.status
        flash(done, "ok")
        return redirect(url_for("sorting.cluster", cluster_id=cluster_id))
    return _page(context.reading(), cluster_id, form)


@blueprint.post("/clusters/<cluster_id>/raise")
@requires(SORT)
def raise_cluster(cluster_id: str) -> Answer:
    here, form = context.community(), RaiseForm(prefix=PREFIX[RaiseForm])
    form.offer()

    def run(session: Session) -> object:
        to, reason, by = form.to.data, form.reason.data or "", context.person_id()
        return life.raise_cluster(session, here.id, cluster_id, to=to, reason=reason, by=by, now=context.now())

    return _carried_out(cluster_id, form, run, gettext("已上报，每一件诉求都记了一步"))


@blueprint.post("/clusters/<cluster_id>/add")
@requires(SORT)
def add_to_cluster(cluster_id: str) -> Answer:
    """One more, by its number."""
    here, form = context.community(), AddForm(prefix=PREFIX[AddForm])

    def run(session: Session) -> object:
        one = desk.by_label(session, here.id, form.label.data or "").id
        return life.add_to_cluster(session, here.id, cluster_id, one, by=context.person_id(), now=context.now())

    return _carried_out(cluster_id, form, run, gettext("已归入"))


@blueprint.post("/clusters/<cluster_id>/take")
@requires(SORT)
def take_from_cluster(cluster_id: str) -> Answer:
    """One out again, with why."""
    here, form = context.community(), TakeForm(prefix=PREFIX[TakeForm])
    session = context.reading()
    form.offer(service.members(session, get(session, Cluster, here.id, cluster_id)))

    def run(session: Session) -> object:
        one, reason, by = form.which.data, form.reason.data or "", context.person_id()
        return life.take_from_cluster(session, here.id, cluster_id, one, reason=reason, by=by, now=context.now())

    return _carried_out(cluster_id, form, run, gettext("已移出，提出人看得到理由"))
