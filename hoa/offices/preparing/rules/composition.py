"""Who must sit in the group, and what is missing (指导规则 10; rules.md R1.23).

What the law asks for stops the forming of the group; what the Bishan model adds (branch, street's and community's party
committees) is asked for where the rule pack says `invited`: a group without it is formed with a written reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal


class Delegation(StrEnum):
    """Whom a member of the group speaks for."""

    OWNER = "owner"
    STREET = "street"
    RESIDENTS = "residents"
    DEVELOPER = "developer"
    BRANCH = "branch"
    STREET_PARTY = "street_party"
    COMMUNITY_PARTY = "community_party"
    POLICE = "police"


DELEGATIONS: Mapping[Delegation, str] = {
    Delegation.OWNER: N_("业主代表"),
    Delegation.STREET: N_("街道办事处（镇政府）代表"),
    Delegation.RESIDENTS: N_("居民委员会代表"),
    Delegation.DEVELOPER: N_("建设单位代表"),
    Delegation.BRANCH: N_("小区党支部代表"),
    Delegation.STREET_PARTY: N_("街道党工委代表"),
    Delegation.COMMUNITY_PARTY: N_("社区党委代表"),
    Delegation.POLICE: N_("户籍民警"),
}
# They say of a person that they belong to the Party: only with that person's consent (rules.md R2.16).
PARTY = frozenset({Delegation.BRANCH, Delegation.STREET_PARTY, Delegation.COMMUNITY_PARTY})
# They sit in the group and are counted, but get no office: whoever has interests of their own, or another duty, does
# not keep the roll on this platform.
WITHOUT_OFFICE = frozenset({Delegation.DEVELOPER, Delegation.POLICE})
INVITED = "invited"


@dataclass(frozen=True)
class Seat:
    """A member as the checks see them."""

    delegation: Delegation
    leader: bool = False


@dataclass(frozen=True)
class Check:
    """One demand on the group. `missing` is a message id that says what to do, with its parameters; "" when it holds.

    `law` False: the model asks for it, the law does not.
    """

    code: str
    title: str
    missing: str = ""
    params: Mapping[str, object] | None = None
    law: bool = True

    @property
    def holds(self) -> bool:
        return not self.missing


class GroupIncomplete(Refusal):
    message: ClassVar[str] = N_("还有 %(missing)s 项法定要求没有满足，不能成立：请看下面的组成核对")


class ModelIncomplete(Refusal):
    message: ClassVar[str] = N_("本地做法要求党组织参加。缺少代表又要成立的，请写明理由，理由会公开")


class NoConsent(Refusal):
    message: ClassVar[str] = N_("以党组织代表身份登记会公开党员身份，须本人书面同意（个人信息保护法第 29 条）")


class LeaderNotFromStreet(Refusal):
    message: ClassVar[str] = N_("组长须由街道办事处（镇政府）代表担任（指导规则第 10 条）")


class TwoLeaders(Refusal):
    message: ClassVar[str] = N_("已经有组长了，请先移出原组长")


def checks(seats: Sequence[Seat], *, developer_most: int) -> tuple[Check, ...]:
    """Every demand, the law's first."""
    count = {delegation: sum(seat.delegation is delegation for seat in seats) for delegation in Delegation}
    return (
        _odd(len(seats)),
        _owners(count[Delegation.OWNER], len(seats)),
        _leader(seats),
        _present(
            "street", count, Delegation.STREET, N_("有街道办事处（镇政府）代表"), N_("还缺街道办事处（镇政府）代表")
        ),
        _present("residents", count, Delegation.RESIDENTS, N_("有居民委员会代表"), N_("还缺居民委员会代表")),
        _developer(count[Delegation.DEVELOPER], developer_most),
        _present("branch", count, Delegation.BRANCH, N_("小区党支部参加"), N_("还没有小区党支部代表"), law=False),
        _present(
            "street_party", count, Delegation.STREET_PARTY, N_("街道党工委参加"), N_("还没有街道党工委代表"), law=False
        ),
        _present(
            "community_party",
            count,
            Delegation.COMMUNITY_PARTY,
            N_("社区党委参加"),
            N_("还没有社区党委代表"),
            law=False,
        ),
    )


def check_complete(found: Sequence[Check], *, party: str, reason: str) -> None:
    """The group may be formed: nothing that the law asks for is missing; the model's part, or a reason."""
    missing = sum(check.law and not check.holds for check in found)
    if missing:
        raise GroupIncomplete(missing=missing)
    if party == INVITED and not reason.strip() and any(not check.holds for check in found):
        raise ModelIncomplete


def check_member(delegation: Delegation, *, leader: bool, consent: bool, has_leader: bool) -> None:
    """A member may be listed: party delegates by consent, one leader, from the street."""
    if delegation in PARTY and not consent:
        raise NoConsent
    if leader and delegation is not Delegation.STREET:
        raise LeaderNotFromStreet
    if leader and has_leader:
        raise TwoLeaders


def _odd(members: int) -> Check:
    title = N_("人数为单数")
    if members % 2:
        return Check("odd", title)
    if not members:
        return Check("odd", title, N_("还没有成员"))
    return Check("odd", title, N_("现在 %(members)s 人，是双数，请增减一人"), {"members": members})


def _owners(owners: int, members: int) -> Check:
    """At least half: with an odd number that is more than half."""
    title = N_("业主代表不少于一半")
    if members and 2 * owners >= members:
        return Check("owners", title)
    # Every owner who joins makes the group larger too: 2 (owners + x) >= members + x.
    more = max(members - 2 * owners, 1)
    return Check("owners", title, N_("业主代表 %(owners)s 人，至少还要 %(more)s 人"), {"owners": owners, "more": more})


def _leader(seats: Sequence[Seat]) -> Check:
    title = N_("组长来自街道办事处（镇政府）")
    if any(seat.leader and seat.delegation is Delegation.STREET for seat in seats):
        return Check("leader", title)
    return Check("leader", title, N_("还没有组长，请从街道办事处（镇政府）代表中指定"))


def _developer(developers: int, most: int) -> Check:
    title = N_("建设单位代表不过多")
    if developers <= most:
        return Check("developer", title)
    message = N_("建设单位代表 %(developers)s 人，最多 %(most)s 人")
    return Check("developer", title, message, {"developers": developers, "most": most})


def _present(
    code: str,
    count: Mapping[Delegation, int],
    delegation: Delegation,
    title: str,
    missing: str,
    *,
    law: bool = True,
) -> Check:
    return Check(code, title, "" if count[delegation] else missing, law=law)
