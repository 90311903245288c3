"""What waits for sorting, and whether a page that somebody acts on is still how things stand.

The desk sorts within one working day of what came in, or came back from a handler (rules.md 8, Bishan): until then
`due_on` is its own last day.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hoa.affairs.rules.intake import SAME_WORDS, similarity
from hoa.affairs.rules.states import OPEN, State
from hoa.affairs.service import reading, steps
from hoa.affairs.tables import Suggestion
from hoa.kernel.errors import N_, NotFound, Refusal

# Among how many open suggestions likely duplicates are looked for, and how many are shown.
LOOKED_AT = 500
MOST_ALIKE = 5


class Moved(Refusal):
    message = N_("这一页打开以后，这件诉求又有了新的进展，刚才的操作没有生效。现在已刷新，写的内容都在，请看过再提交")
    status = 409


class NoSuchLabel(Refusal):
    message = N_("没有编号为“%(label)s”的诉求，请核对编号，例如 2026-0012")


class NothingToMergeInto(Refusal):
    message = N_("请选择要并入哪一件，或者填写它的编号")


def waiting(session: Session, community_id: str) -> Sequence[Suggestion]:
    """What is to be sorted: what is due first, of the same day the oldest."""
    return reading.listed(session, community_id, states=[State.RECEIVED], by_due=True, limit=None)


def alike(session: Session, row: Suggestion) -> Sequence[Suggestion]:
    """Open suggestions that probably say the same, the likeliest first. The desk reads what others wrote; what a
    reporter is shown compares public words only (`hoa.affairs.service.intake.similar`).
    """
    query = (
        select(Suggestion)
        .where(
            Suggestion.community_id == row.community_id,
            Suggestion.id != row.id,
            or_(Suggestion.category == row.category, Suggestion.building == row.building),
            Suggestion.state.in_([str(state) for state in OPEN]),
        )
        .order_by(Suggestion.received_at.desc(), Suggestion.id)
        .limit(LOOKED_AT)
    )
    found = []
    for other in session.scalars(query):
        likeness = max(similarity(row.text, other.text), similarity(row.text, other.title))
        here = row.category == other.category and _same_place(row, other)
        if here or likeness >= SAME_WORDS:
            found.append((here + likeness, other))
    found.sort(key=lambda one: -one[0])
    return [other for _, other in found[:MOST_ALIKE]]


def _same_place(row: Suggestion, other: Suggestion) -> bool:
    if row.place_id is not None and row.place_id == other.place_id:
        return True
    return bool(row.building) and (row.building, row.entrance) == (other.building, other.entrance)


def moved_to(session: Session, row: Suggestion) -> int:
    """The number of its last step: a page carries it along, so that it is known how old the page is."""
    last = steps.latest(session, row)
    return last.seq if last else 0


def demand_fresh(session: Session, row: Suggestion, seen: str, *, also: Collection[str] = ()) -> None:
    """Refuses what was decided on a page that does not show the last step any more.

    The row is locked first: of two desks that decide at the same instant the second waits, and then finds its page
    old. `also` are the ids that the decision locks besides (a merge's other one): all in one order, so that two desks
    do not wait for each other.
    """
    for one in sorted({row.id, *also}):
        steps.locked(session, row.community_id, one)
    if seen != str(moved_to(session, row)):
        raise Moved


def usual_handler(session: Session, community_id: str, category: str) -> str | None:
    """Who got the latest suggestion of this category: proposed first, for it is mostly the same."""
    query = (
        select(Suggestion.handler_id)
        .where(
            Suggestion.community_id == community_id,
            Suggestion.category == category,
            Suggestion.handler_id.is_not(None),
        )
        .order_by(Suggestion.received_at.desc(), Suggestion.id)
        .limit(1)
    )
    return session.scalar(query)


def merge_target(session: Session, community_id: str, *, label: str, chosen: str) -> str:
    """The id of what a suggestion is merged into: the number that was typed goes before the box that was ticked."""
    if label:
        return by_label(session, community_id, label).id
    if not chosen:
        raise NothingToMergeInto
    return chosen


def by_label(session: Session, community_id: str, label: str) -> Suggestion:
    """The suggestion with this number; a number that was not given says so."""
    try:
        return reading.find_by_label(session, community_id, label.strip())
    except NotFound:
        raise NoSuchLabel(label=label) from None
