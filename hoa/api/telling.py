"""What everybody may read, in the shapes of GeoReport v2. A field is here only if it is public on the board too."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from flask_babel import gettext
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.rules.states import DONE, STATE_NAMES, State
from hoa.affairs.service import public
from hoa.affairs.tables import Handler, Photo, Step, Suggestion
from hoa.api.rules import told
from hoa.api.rules.catalogue import EXAMPLES
from hoa.api.rules.query import MOST, Query
from hoa.api.rules.submission import BUILDING, ENTRANCE, FLOOR
from hoa.api.rules.wire import Value
from hoa.kernel.clock import stamp
from hoa.offices import places as register
from hoa.ports.keys import Keys
from hoa.web import i18n

# The address of a picture, made by whoever knows the pages.
PictureAddress = Callable[[Suggestion, Photo], str]


def services(session: Session, community_id: str) -> Sequence[Value]:
    """Every category; all can be more precise about where, if the register knows buildings."""
    metadata = bool(register.buildings(session, community_id))
    return [
        {
            "service_code": code,
            "service_name": gettext(CATEGORIES[code]),
            "description": gettext("例如：%(examples)s", examples=gettext(EXAMPLES[code])),
            "metadata": metadata,
            "type": "realtime",
            "keywords": gettext(EXAMPLES[code]),
            "group": gettext("码上提"),
        }
        for code in CATEGORIES
    ]


def definition(session: Session, community_id: str, service_code: str) -> Value:
    """The attributes: building, entrance and floor, as far as the register knows them; none is required."""
    known = register.buildings(session, community_id)
    entrances = dict.fromkeys(name for inside in known.values() for name in inside if name)
    attributes = []
    if known:
        attributes.append(_attribute(1, BUILDING, gettext("哪一栋"), "", known))
    if entrances:
        attributes.append(_attribute(2, ENTRANCE, gettext("哪个单元"), gettext("要和楼栋一起填写"), entrances))
    if any(floors for inside in known.values() for floors in inside.values()):
        attributes.append(_attribute(3, FLOOR, gettext("第几层"), gettext("整数，要和楼栋、单元一起填写"), None))
    return {"service_code": service_code, "attributes": attributes}


def _attribute(order: int, code: str, description: str, hint: str, values: Iterable[str] | None) -> Value:
    return {
        "variable": True,
        "code": code,
        "datatype": "number" if values is None else "singlevaluelist",
        "required": False,
        "datatype_description": hint or None,
        "order": order,
        "description": description,
        "values": [{"key": value, "name": value} for value in values or ()],
    }


def chosen(session: Session, community_id: str, query: Query) -> Sequence[Suggestion]:
    """The suggestions that a query asks for, the latest first."""
    found = select(Suggestion).where(Suggestion.community_id == community_id)
    if query.numbers is not None:
        if not query.numbers:
            return []
        found = found.where(tuple_(Suggestion.year, Suggestion.number).in_(query.numbers))
    else:
        states = [str(state) for state, status in told.STATUS_OF.items() if status in query.statuses]
        found = found.where(
            Suggestion.received_at.between(query.start, query.end),
            Suggestion.category.in_(query.services),
            Suggestion.state.in_(states),
        )
    newest = (Suggestion.received_at.desc(), Suggestion.year.desc(), Suggestion.number.desc())
    return session.scalars(found.order_by(*newest).limit(MOST)).all()


def requests(
    session: Session,
    keys: Keys,
    community_id: str,
    rows: Sequence[Suggestion],
    *,
    community: str,
    picture: PictureAddress,
) -> Sequence[Value]:
    """How each suggestion stands; `community` is the name that ends its address."""
    ids = [row.id for row in rows]
    steps = _steps(session, community_id, ids)
    handlers = _handlers(session, community_id)
    labels = _labels(session, community_id, [row.merged_into_id for row in rows if row.merged_into_id])
    photos = _photos(session, community_id, [row.id for row in rows if row.published_at is not None])
    return [
        {
            "service_request_id": row.label,
            "status": str(told.STATUS_OF[State(row.state)]),
            "status_notes": _notes(keys, row, steps[row.id], labels),
            "service_name": gettext(CATEGORIES[row.category]),
            "service_code": row.category,
            "description": row.public_text or public.title(session, keys, row) or None,
            "agency_responsible": handlers.get(row.handler_id or ""),
            "service_notice": _notice(row),
            "requested_datetime": stamp(row.received_at),
            "updated_datetime": stamp(
                told.updated_at([(step.at, State(step.state)) for step in steps[row.id]], row.received_at)
            ),
            "expected_datetime": told.expected(row.due_on) if _has_term(row) else None,
            "address": told.address(row.building, community),
            "address_id": None,
            "zipcode": None,
            "lat": None,
            "long": None,
            "media_url": picture(row, photos[row.id]) if row.id in photos else None,
        }
        for row in rows
    ]


def _has_term(row: Suggestion) -> bool:
    """Whether a handler's clock says when the answer can be expected; the desk's own clock says nothing of that."""
    return row.assigned_on is not None and State(row.state) in {State.ASSIGNED, State.PAUSED} | DONE


def _notes(keys: Keys, row: Suggestion, steps: Sequence[Step], labels: Mapping[str, str]) -> str:
    """How it stands; with the published answer, or why nothing happens, where the board says that too."""
    state, said = State(row.state), ""
    if state is State.PUBLISHED:
        said = row.public_answer
    elif state is State.MERGED:
        said = labels.get(row.merged_into_id or "", "")
    elif steps:
        said = public.reason(keys, row, steps[-1])
    name = gettext(STATE_NAMES[state])
    return gettext("%(state)s：%(said)s", state=name, said=said) if said else str(name)


def _notice(row: Suggestion) -> str | None:
    if State(row.state) not in (State.ASSIGNED, State.PAUSED) or row.due_on is None:
        return None
    day = i18n.day(row.due_on)
    if row.provisional:
        return str(gettext("最迟 %(day)s 答复（暂定：当年的放假安排还没有公布）", day=day))
    return str(gettext("最迟 %(day)s 答复", day=day))


def _steps(session: Session, community_id: str, ids: Sequence[str]) -> Mapping[str, list[Step]]:
    query = select(Step).where(Step.community_id == community_id, Step.suggestion_id.in_(ids))
    found: dict[str, list[Step]] = defaultdict(list)
    for step in session.scalars(query.order_by(Step.seq)):
        found[step.suggestion_id].append(step)
    return found


def _handlers(session: Session, community_id: str) -> Mapping[str, str]:
    query = select(Handler.id, Handler.name).where(Handler.community_id == community_id)
    return {row.id: row.name for row in session.execute(query)}


def _labels(session: Session, community_id: str, ids: Sequence[str]) -> Mapping[str, str]:
    query = select(Suggestion).where(Suggestion.community_id == community_id, Suggestion.id.in_(ids))
    return {row.id: row.label for row in session.scalars(query)}


def _photos(session: Session, community_id: str, ids: Sequence[str]) -> Mapping[str, Photo]:
    """The first cleared picture of each, one before the work before one after it."""
    query = select(Photo).where(
        Photo.community_id == community_id, Photo.suggestion_id.in_(ids), Photo.cleared_at.is_not(None)
    )
    found: dict[str, Photo] = {}
    for photo in session.scalars(query.order_by(Photo.phase.desc(), Photo.added_at, Photo.id)):
        found.setdefault(photo.suggestion_id, photo)
    return found
