"""共性问题: suggestions about one cause, handled as one and raised as one (吕梁; rules.md 8)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import wording
from hoa.affairs.rules.states import OPEN, Action, Actor, State
from hoa.affairs.service import steps
from hoa.affairs.tables import Cluster, Suggestion
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.offices import rules as offices

FEWEST = 2
CLUSTER = ("year", "number", "title", "text", "made_at", "made_by_id")


class TooFew(Refusal):
    message = N_("共性问题至少要有 %(fewest)s 件诉求")


class InAnotherCluster(Refusal):
    message = N_("%(label)s 已经归入另一个共性问题")
    status = 409


class InThisCluster(Refusal):
    message = N_("%(label)s 已经在这个共性问题里")
    status = 409


class RaisedBefore(Refusal):
    message = N_("这个共性问题已经上报")
    status = 409


class WhereTo(Refusal):
    message = N_("请选择上报给哪个机构")


class ClusterOver(Refusal):
    message = N_("%(label)s 里的诉求都已办结，不能再改；同样的问题又出现，请另归一个共性问题")
    status = 409


class NotInCluster(Refusal):
    message = N_("%(label)s 不在这个共性问题里；请刷新页面看看最新情况")
    status = 409


class NothingOpen(Refusal):
    message = N_("这个共性问题里的诉求都已办结，不用上报")
    status = 409


def make_cluster(
    session: Session, community_id: str, ids: Sequence[str], *, title: str, text: str, by: str, now: datetime
) -> Cluster:
    """A new cluster of open suggestions."""
    chosen = sorted(set(ids))
    if len(chosen) < FEWEST:
        raise TooFew(fewest=FEWEST)
    title, text, year = wording.title(title), wording.remark(text, wording.TEXT_LENGTH), today(now).year
    # The community's row first, then the suggestions in one order: two desks at once must not wait for each other.
    get_community(session, community_id, lock=True)
    rows = [steps.opened(session, community_id, one, Action.CLUSTER) for one in chosen]
    query = select(func.max(Cluster.number)).where(Cluster.community_id == community_id, Cluster.year == year)
    cluster = Cluster(
        community_id=community_id,
        year=year,
        number=(session.scalar(query) or 0) + 1,
        title=title,
        text=text,
        made_at=now,
        made_by_id=by,
        raised_to="",
    )
    session.add(cluster)
    session.flush()
    for row in rows:
        _join(session, cluster, row, by=by, now=now)
    return cluster


def add_to_cluster(
    session: Session, community_id: str, cluster_id: str, suggestion_id: str, *, by: str, now: datetime
) -> Suggestion:
    """One more open suggestion about the same cause, told as when the cluster was made; once raised, with to whom."""
    cluster = _open_cluster(session, community_id, cluster_id)
    row = steps.opened(session, community_id, suggestion_id, Action.CLUSTER)
    if row.cluster_id == cluster.id:
        raise InThisCluster(label=row.label)
    _join(session, cluster, row, by=by, now=now)
    return row


def _join(session: Session, cluster: Cluster, row: Suggestion, *, by: str, now: datetime) -> None:
    if row.cluster_id is not None:
        raise InAnotherCluster(label=row.label)
    details = {"cluster": cluster.id, "label": cluster.label, "digest": steps.digest_of(cluster, CLUSTER)}
    if cluster.raised_at is not None:
        details["to"] = cluster.raised_to
    steps.write(
        session,
        row,
        Action.CLUSTER,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        details=details,
        changes={"cluster_id": cluster.id},
    )


def take_from_cluster(
    session: Session, community_id: str, cluster_id: str, suggestion_id: str, *, reason: str, by: str, now: datetime
) -> Suggestion:
    """It is about something else after all; its reporter reads why. What is left is still a common cause."""
    cluster = _open_cluster(session, community_id, cluster_id)
    row = steps.locked(session, community_id, suggestion_id)
    if row.cluster_id != cluster.id:
        raise NotInCluster(label=row.label)
    row = steps.opened(session, community_id, suggestion_id, Action.UNCLUSTER)
    reason = wording.reason(reason)
    if len(members(session, cluster)) <= FEWEST:
        raise TooFew(fewest=FEWEST)
    steps.write(
        session,
        row,
        Action.UNCLUSTER,
        actor=Actor.DESK,
        now=now,
        person_id=by,
        reason=reason,
        details={"cluster": cluster.id, "label": cluster.label},
        changes={"cluster_id": None},
    )
    return row


def _open_cluster(session: Session, community_id: str, cluster_id: str) -> Cluster:
    """The cluster, locked before any of its suggestions as in `raise_cluster`; ClusterOver when all of it is done."""
    cluster = get(session, Cluster, community_id, cluster_id, lock=True)
    if not any(is_open(row) for row in members(session, cluster)):
        raise ClusterOver(label=cluster.label)
    return cluster


def is_open(row: Suggestion) -> bool:
    """Whether something is still to be done about it."""
    return State(row.state) in OPEN


def raise_cluster(
    session: Session, community_id: str, cluster_id: str, *, to: str, reason: str, by: str, now: datetime
) -> Cluster:
    """Raise the cause to a body that can do something about it; each of its open suggestions says so."""
    cluster = get(session, Cluster, community_id, cluster_id, lock=True)
    if cluster.raised_at is not None:
        raise RaisedBefore
    if to not in offices.BODIES:
        raise WhereTo
    reason = wording.reason(reason)
    # Locked before it is asked which are open: one may be answered or withdrawn at this moment.
    rows = [steps.locked(session, community_id, row.id) for row in members(session, cluster)]
    open_ones = [row for row in rows if is_open(row)]
    if not open_ones:
        raise NothingOpen
    for row in open_ones:
        details = {"cluster": cluster.id, "label": cluster.label, "to": to}
        steps.write(session, row, Action.RAISE, actor=Actor.DESK, now=now, person_id=by, reason=reason, details=details)
    cluster.raised_to, cluster.raised_at = to, now
    session.flush()
    return cluster


def members(session: Session, cluster: Cluster) -> Sequence[Suggestion]:
    """Its suggestions, by number."""
    query = select(Suggestion).where(
        Suggestion.community_id == cluster.community_id, Suggestion.cluster_id == cluster.id
    )
    return session.scalars(query.order_by(Suggestion.id)).all()
