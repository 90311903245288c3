"""A world that elects: candidates as the motions m1, m2 …, and owners who vote by the names of whom they agree to."""

from collections.abc import Mapping, Sequence
from typing import Any

from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.voting.world import World, a_world
from voting.rules.life import State

TITLE = "选举第二届业主委员会委员"
NAMES = ("林小竹", "何守信", "周永安", "吴清和", "郑怀远", "王知行", "冯一诺", "陈思齐", "褚明理")


def an_election(candidates: int = 9, **more: Any) -> dict[str, Any]:
    """Seven seats among nine candidates, at least five, unless said otherwise."""
    codes = [f"m{number}" for number in range(1, candidates + 1)]
    given = {"code": "e1", "title": TITLE, "body": "owners_committee", "seats": 7, "minimum": 5, "alternates": 7}
    return {**given, "approve_at_most": min(7, candidates), "rank": "heads-area-lot", "motions": codes, **more}


def a_world_that_elects(
    platform: Platform,
    clock: FrozenClock,
    *,
    owners: int = 9,
    candidates: int = 9,
    election: Mapping[str, Any] | None = None,
    also: Sequence[tuple[str, str]] = (),
    **draft: Any,
) -> World:
    """Open for voting; `election` changes what `an_election` says, `also` are ordinary motions after the candidates."""
    elections = draft.pop("elections", [an_election(candidates, **(election or {}))])
    motions = [*((name, "M3") for name in NAMES[:candidates]), *also]
    made = a_world(platform, clock, owners=owners, motions=motions, elections=elections, **draft)
    for name in draft.get("witnesses", ()):
        made.cosign(name)
    made.to(State.OPEN)
    return made


def vote(world: World, places: Sequence[int], agree: Sequence[int], **others: str) -> None:
    """These owners agree to the candidates with these numbers and mark nothing else, but what `others` say."""
    for place in places:
        world.cast(place, **{f"m{number}": "agree" for number in agree}, **others)


def seven_and_two(world: World) -> None:
    """Nine owners, nine candidates: m1 to m7 get most, m8 and m9 pass and wait; nobody agrees to more than seven."""
    vote(world, range(3), range(1, 8))
    vote(world, range(3, 6), range(3, 10))
    vote(world, range(6, 9), [1, 2, 3, 4, 5, 8, 9])
