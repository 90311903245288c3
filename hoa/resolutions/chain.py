"""The chain suggestion → topic → motion → resolution → contract → payment, told link by link by the room that keeps it.

Affairs, voting and finance do not know each other, nor do topics and voting: each provides what it keeps (`Links`), and
what a topic and an assembly need of one another goes through `Preparing` and `Topics`. `hoa.app` fills them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from sqlalchemy.orm import Session


class Kind(StrEnum):
    """What a link is, in the order of the chain; a motion goes to the assembly, an item to the committee."""

    SUGGESTION = "suggestion"
    TOPIC = "topic"
    MOTION = "motion"
    ITEM = "item"
    RESOLUTION = "resolution"
    CONTRACT = "contract"
    PAYMENT = "payment"


class Key(NamedTuple):
    """A row of a community: which kind, and its id."""

    kind: Kind
    id: str


class Reader(NamedTuple):
    """Who reads, as far as it matters what they are told: their powers today, and the moment."""

    powers: frozenset[str]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link as this reader may see it, in their language. `label` is its number, `says` how it stands, `follows`
    what comes next while nothing has followed; `over`: nothing will follow. `url` None: not theirs to open.
    """

    key: Key
    label: str
    title: str
    on: date
    says: str
    follows: str = ""
    over: bool = False
    url: str | None = None


class Links(Protocol):
    """What one room knows of the chain. Keys of other rooms, and of other communities, are passed over in silence."""

    def tell(
        self, session: Session, community_id: str, keys: Sequence[Key], reader: Reader, /
    ) -> Mapping[Key, Link]: ...

    def up(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        """What it came from."""
        ...

    def down(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        """What became of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An assembly that is being drafted: `take_up` is where a topic is posted to become one of its motions."""

    title: str
    opens_on: date
    take_up: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A topic that is to be decided and stands in no draft and on no agenda yet. `matter` is the assembly's (M1–M9),
    empty for the committee; `url` is where it is read.
    """

    id: str
    label: str
    title: str
    text: str
    matter: str
    url: str


class Preparing(Protocol):
    """What voting provides: drafts this reader may write, the matters an assembly decides, how a motion stands."""

    def assemblies(self, session: Session, community_id: str, topic_id: str, reader: Reader) -> Sequence[Prepared]: ...

    def matters(self) -> Mapping[str, str]:
        """Code → title, a message id."""
        ...

    def stands(self, session: Session, community_id: str, motion_id: str) -> bool:
        """Whether the motion is still there: an editor may take it out of a draft."""
        ...

    def failed(self, session: Session, community_id: str, motion_id: str) -> bool:
        """Whether it was voted on, and the result is that there is no decision."""
        ...


class Topics(Protocol):
    """What topics provide to those who write motions and agendas."""

    def waiting(self, session: Session, community_id: str, kind: Kind) -> Sequence[Waiting]:
        """Topics that wait for an assembly (MOTION) or for the committee (ITEM), the earliest first."""
        ...

    def taken_up(self, session: Session, community_id: str, topic_id: str, *, by: Key, now: datetime) -> None:
        """The topic became this motion or item; refused when it does not wait any more."""
        ...


_links: dict[str, Links] = {}
_preparing: Preparing | None = None
_topics: Topics | None = None


def provide(name: str, links: Links) -> None:
    """Say what a room knows of the chain."""
    _links[name] = links


def provide_preparing(provider: Preparing) -> None:
    global _preparing
    _preparing = provider


def provide_topics(provider: Topics) -> None:
    global _topics
    _topics = provider


def preparing() -> Preparing | None:
    return _preparing


def topics() -> Topics | None:
    return _topics


def waiting(session: Session, community_id: str, kind: Kind) -> Sequence[Waiting]:
    """What waits for an assembly or the committee; nothing where no room of topics is wired."""
    return _topics.waiting(session, community_id, kind) if _topics else ()


def tell(session: Session, community_id: str, keys: Sequence[Key], reader: Reader) -> dict[Key, Link]:
    """What may be told of these rows, in the order asked."""
    found: dict[Key, Link] = {}
    for room in _links.values():
        found.update(room.tell(session, community_id, keys, reader))
    return {key: found[key] for key in keys if key in found}


def connected(session: Session, community_id: str, start: Key) -> list[Key]:
    """Everything that hangs together with a row, in the order of the chain: up to where it began, and all that became
    of that.
    """
    found, left = {start}, [start]
    while left:
        key = left.pop()
        for room in _links.values():
            for other in (*room.up(session, community_id, key), *room.down(session, community_id, key)):
                if other not in found:
                    found.add(other)
                    left.append(other)
    order = list(Kind)
    return sorted(found, key=lambda key: (order.index(key.kind), key.id))


def became(session: Session, community_id: str, key: Key, reader: Reader) -> Sequence[Link]:
    """What became of a row, as this reader may be told: so its page leads there without knowing the room above."""
    keys = [other for room in _links.values() for other in room.down(session, community_id, key)]
    return list(tell(session, community_id, keys, reader).values())


def begins_above(session: Session, community_id: str, key: Key) -> bool:
    """Whether a row came from something: then its page leads to the chain."""
    return any(room.up(session, community_id, key) for room in _links.values())
