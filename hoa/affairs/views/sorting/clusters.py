"""共性问题: suggestions about one cause, put together from the list and raised as one."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField

from hoa.accounts import service as accounts
from hoa.affairs.powers import READ, SORT
from hoa.affairs.rules.states import OPEN
from hoa.affairs.rules.wording import REASON_LENGTH, TEXT_LENGTH, TITLE_LENGTH
from hoa.affairs.service import clusters as service
from hoa.affairs.service import life, reading
from hoa.affairs.tables import Cluster, Suggestion
from hoa.affairs.views.sorting.base import blueprint, unit_names
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


class RaiseForm(Form):
    to = SelectField(lazy_gettext("上报给"), validators=[required()])
    reason = TextAreaField(
        lazy_gettext("上报的理由"),
        validators=[required(), at_most(REASON_LENGTH)],
        description=lazy_gettext("每一件的提出人都看得到"),
    )

    def offer(self) -> None:
        self.to.choices = options([("", gettext("请选择")), *((body, gettext(BODIES[body])) for body in RAISED_TO)])


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


def _page(session: Session, cluster_id: str, form: RaiseForm | None = None) -> str:
    row = get(session, Cluster, context.community().id, cluster_id)
    rows, day = service.members(session, row), today(context.now())
    if form is None:
        form = RaiseForm(formdata=None)
        form.offer()
    open_ones = [one for one in rows if one.state in OPEN]
    return render_template(
        "affairs/sorting_cluster.html",
        cluster=row,
        rows=rows,
        standings={one.id: reading.standing(one, day) for one in rows},
        units=unit_names(),
        name=accounts.names(session, [row.made_by_id]).get(row.made_by_id, ""),
        body=BODIES.get(row.raised_to, ""),
        form=form,
        may_raise=context.may(SORT) and row.raised_at is None and bool(open_ones),
    )


@blueprint.post("/clusters/<cluster_id>/raise")
@requires(SORT)
def raise_cluster(cluster_id: str) -> str | Response | tuple[str, int]:
    here, form = context.community(), RaiseForm()
    form.offer()
    get(context.reading(), Cluster, here.id, cluster_id)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                life.raise_cluster(
                    session,
                    here.id,
                    cluster_id,
                    to=form.to.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
            return _page(context.reading(), cluster_id, form), refusal.status
        flash(gettext("已上报，每一件诉求都记了一步"), "ok")
        return redirect(url_for("sorting.cluster", cluster_id=cluster_id))
    return _page(context.reading(), cluster_id, form)
