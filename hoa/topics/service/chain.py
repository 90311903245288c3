"""The chain from a suggestion to a payment, as one page: what there is of each of six steps, and what comes next."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from hoa.kernel.errors import N_, NotFound
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind, Link, Reader


class State(StrEnum):
    """How a step of the chain stands."""

    DONE = "done"
    NEXT = "now"
    LATER = "todo"


STEPS: tuple[tuple[str, frozenset[Kind]], ...] = (
    (N_("诉求"), frozenset({Kind.SUGGESTION})),
    (N_("议题"), frozenset({Kind.TOPIC})),
    (N_("表决"), frozenset({Kind.MOTION, Kind.ITEM})),
    (N_("决议"), frozenset({Kind.RESOLUTION})),
    (N_("合同"), frozenset({Kind.CONTRACT})),
    (N_("付款"), frozenset({Kind.PAYMENT})),
)


class Step(NamedTuple):
    """One of the six: its name (a message id), how it stands, its links, and what comes next where there are none."""

    title: str
    state: State
    links: Sequence[Link]
    follows: str = ""


def steps(session: Session, community_id: str, start: Key, reader: Reader) -> Sequence[Step]:
    """The steps that hang together with `start`, from where the matter began; NotFound when `start` is not there, or
    not for this reader.
    """
    told = chain.tell(session, community_id, chain.connected(session, community_id, start), reader)
    if start not in told:
        raise NotFound
    topics = [key for key in told if key.kind is Kind.TOPIC]
    return laid_out(told, [key for key in topics if not chain.became(session, community_id, key, reader)])


def laid_out(told: Mapping[Key, Link], waiting: Collection[Key] = ()) -> Sequence[Step]:
    """The six steps with what there is of each. Steps before the first are left out: the matter did not begin there;
    steps after one at which everything ended do not come, unless a topic that was raised again is `waiting` for what
    becomes of it. A payment may rest on a resolution without a contract.
    """
    filled = [
        sorted((link for key, link in told.items() if key.kind in kinds), key=lambda link: (link.on, link.label))
        for _, kinds in STEPS
    ]
    first = next(place for place, links in enumerate(filled) if links)
    last = max(place for place, links in enumerate(filled) if links)
    going = [link.follows for link in filled[last] if not link.over]
    # Of a topic that stands further up it is said which one goes on.
    going = going or [f"{told[key].label} {told[key].follows}" for key in waiting if not told[key].over]
    ended = not going
    found = []
    for place in range(first, len(STEPS)):
        links = filled[place]
        if links:
            found.append(Step(STEPS[place][0], State.DONE, links))
        elif place == last + 1:
            title = N_("到此为止") if ended else STEPS[place][0]
            found.append(Step(title, State.NEXT, (), going[-1] if going else filled[last][-1].follows))
        elif place > last and not ended:
            found.append(Step(STEPS[place][0], State.LATER, ()))
    return found
