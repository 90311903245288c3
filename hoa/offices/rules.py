"""Bodies, posts, and who may not be where at the same time (rules.md 2, R2.3, R2.21)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from hoa.kernel import posts
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE, PROPERTY_STAFF, SUPERVISORS, Post

BODIES: Mapping[str, str] = {
    "owners_committee": N_("业主委员会"),
    "supervisory_committee": N_("业主监督委员会"),
    "self_management_committee": N_("自管会"),
    "preparatory_group": N_("筹备组"),
    "re_election_group": N_("换届小组"),
    "residents_committee": N_("居民委员会"),
    "street_office": N_("街道办事处"),
    "party_branch": N_("小区党支部"),
    "party_group": N_("楼栋党小组"),
    "buildings": N_("楼栋"),
    "property_manager": N_("物业服务企业"),
    "auditor": N_("审计机构"),
}

KINDS: Mapping[str, str] = {
    "chair": N_("主任"),
    "deputy_chair": N_("副主任"),
    "member": N_("委员"),
    "alternate": N_("候补委员"),
    "treasurer": N_("财务委员"),
    "cashier": N_("出纳委员"),
    "secretary": N_("秘书"),
    "leader": N_("组长"),
    "building_lead": N_("楼栋长"),
    "entrance_lead": N_("单元长"),
    "floor_lead": N_("楼层长"),
    "staff": N_("工作人员"),
    "officer": N_("经办人"),
    "auditor": N_("审计员"),
}

LEGAL_FORMS: Mapping[str, str] = {
    "filed": N_("已备案，未登记为法人"),
    "non_enterprise": N_("民办非企业单位"),
    "grassroots": N_("基层群众性自治组织"),
    "government": N_("街道办事处（政府派出机关）"),
    "party": N_("党的基层组织"),
    "company": N_("公司"),
    "partnership": N_("合伙企业"),
    "group": N_("临时工作小组，不是法人"),
}

# What a post is called where the general word would be wrong.
_CALLED: Mapping[Post, str] = {
    posts.PARTY_SECRETARY: N_("书记"),
    posts.PREPARATORY_MEMBER: N_("成员"),
    posts.RE_ELECTION_MEMBER: N_("成员"),
    posts.SELF_MANAGEMENT_MEMBER: N_("成员"),
}

# Where owners manage a compound without a committee the 自管会 decides in its place, and is watched like it.
SELF_MANAGEMENT = frozenset({posts.SELF_MANAGEMENT_CHAIR, posts.SELF_MANAGEMENT_MEMBER})
GOVERNING = COMMITTEE | SELF_MANAGEMENT
# Posts whose mere holding tells what somebody believes in: shown by consent only (R2.16; 个保法 28).
PARTY = frozenset({posts.PARTY_SECRETARY, posts.PARTY_MEMBER, posts.PARTY_GROUP_LEADER})
# One at a time, in one place.
SOLE = frozenset(
    {
        posts.COMMITTEE_CHAIR,
        posts.SUPERVISOR_CHAIR,
        posts.SELF_MANAGEMENT_CHAIR,
        posts.PREPARATORY_LEADER,
        posts.RE_ELECTION_LEADER,
        posts.PARTY_SECRETARY,
        posts.PARTY_GROUP_LEADER,
        posts.BUILDING_LEAD,
        posts.ENTRANCE_LEAD,
        posts.FLOOR_LEAD,
    }
)
# How exactly these posts say where they are: building, then entrance, then floor.
PLACED: Mapping[Post, int] = {
    posts.PARTY_GROUP_LEADER: 1,
    posts.BUILDING_LEAD: 1,
    posts.ENTRANCE_LEAD: 2,
    posts.FLOOR_LEAD: 3,
}


class Place(NamedTuple):
    """Where a building post is, as the register names it; empty for all others."""

    building: str = ""
    entrance: str = ""
    floor: str = ""

    @property
    def order(self) -> tuple[tuple[int, str], ...]:
        """By which places stand one after the other: 2幢 before 10幢."""
        return tuple((len(part), part) for part in self)


NOWHERE = Place()


class Seat(NamedTuple):
    """Somebody in a post from `starts_at` until `ends_at` (exclusive)."""

    person: str
    post: Post
    starts_at: datetime
    ends_at: datetime
    place: Place = NOWHERE
    office: str = ""


class TieKind(StrEnum):
    """What two people are to each other, or a person to the property company. `FAMILY`: a spouse or direct relative,
    who need not be named, works for it or has an interest in it."""

    SPOUSE = "spouse"
    RELATIVE = "direct_relative"
    EMPLOYED = "employed"
    INTERESTED = "interested"
    FAMILY = "family"


TIES: Mapping[TieKind, str] = {
    TieKind.SPOUSE: N_("配偶"),
    TieKind.RELATIVE: N_("直系亲属"),
    TieKind.EMPLOYED: N_("本人受雇于物业服务企业"),
    TieKind.INTERESTED: N_("本人与物业服务企业有利害关系"),
    TieKind.FAMILY: N_("配偶或直系亲属受雇于物业服务企业或与它有利害关系"),
}
KINSHIP = frozenset({TieKind.SPOUSE, TieKind.RELATIVE})


class Tie(NamedTuple):
    """A relationship from `since` until `until` (exclusive; None: it lasts). `other` None is the property company.

    `binds` is the one person whom it keeps from offices, where only they declared it; None: everybody it is about.
    """

    kind: TieKind
    person: str
    other: str | None
    since: date
    until: date | None
    binds: str | None = None

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.since, time(), CHINA)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.until or date(9999, 1, 1), time(), CHINA)


class Side(StrEnum):
    """Whoever decides, whoever watches them, and whom both deal with."""

    GOVERNING = "governing"
    SUPERVISING = "supervising"
    COMPANY = "company"


class Conflict(NamedTuple):
    """Why somebody may not hold `wanted`: `held` by themselves (`tie` None), by their spouse or relative, or for the
    property company. `office` and `person` name the seat in the way; empty where only a declaration is."""

    wanted: Post
    held: Post
    tie: TieKind | None
    person: str
    office: str = ""

    @property
    def with_company(self) -> bool:
        return Side.COMPANY in (side(self.wanted), side(self.held))

    @property
    def refusal(self) -> Refusal:
        """The rule that says no, with both posts."""
        return _REFUSALS[(self.with_company, self.tie)](held=title(self.held), wanted=title(self.wanted))


class ExclusivePosts(Refusal):
    message = N_("同一个人不能同时任%(held)s和%(wanted)s：监督的人不能监督自己（议事规则，R2.21）")


class SupervisingSpouse(Refusal):
    message = N_("不能任%(wanted)s：其配偶任%(held)s，监督的一方与被监督的一方不能是配偶（议事规则，R2.21）")


class SupervisingRelative(Refusal):
    message = N_("不能任%(wanted)s：其直系亲属任%(held)s，监督的一方与被监督的一方不能是直系亲属（议事规则，R2.21）")


class CompanyPosts(Refusal):
    message = N_(
        "同一个人不能同时任%(held)s和%(wanted)s：物业服务企业的人员不能进业主委员会、自管会和业主监督委员会（R2.3、R2.21）"
    )


class CompanySpouse(Refusal):
    message = N_(
        "不能任%(wanted)s：其配偶任%(held)s，物业服务企业人员的配偶不能进业主委员会、自管会和业主监督委员会（R2.3、R2.21）"
    )


class CompanyRelative(Refusal):
    message = N_(
        "不能任%(wanted)s：其直系亲属任%(held)s，物业服务企业人员的直系亲属不能进业主委员会、自管会和业主监督委员会（R2.3、R2.21）"
    )


class InCompanyPay(Refusal):
    message = N_("不能任%(wanted)s：本人声明受雇于物业服务企业，与%(held)s同样对待（R2.3、R2.21）")


class InterestInCompany(Refusal):
    message = N_("不能任%(wanted)s：本人声明与物业服务企业有利害关系，与%(held)s同样对待（R2.3、R2.21）")


class FamilyInCompany(Refusal):
    message = N_(
        "不能任%(wanted)s：本人声明其配偶或直系亲属受雇于物业服务企业或与它有利害关系，与%(held)s的亲属同样对待（R2.3、R2.21）"
    )


_REFUSALS: Mapping[tuple[bool, TieKind | None], type[Refusal]] = {
    (False, None): ExclusivePosts,
    (False, TieKind.SPOUSE): SupervisingSpouse,
    (False, TieKind.RELATIVE): SupervisingRelative,
    (True, None): CompanyPosts,
    (True, TieKind.SPOUSE): CompanySpouse,
    (True, TieKind.RELATIVE): CompanyRelative,
    (True, TieKind.EMPLOYED): InCompanyPay,
    (True, TieKind.INTERESTED): InterestInCompany,
    (True, TieKind.FAMILY): FamilyInCompany,
}


class NotByYourself(Refusal):
    message = N_("不能任命自己，请由另一位有权任命的人办理")


class TermTooShort(Refusal):
    message = N_("任期的结束日期必须晚于开始日期")


class AlreadyHolds(Refusal):
    message = N_("这个人在这段时间里已经担任%(wanted)s")


class TermTooLong(Refusal):
    message = N_("任期不能超过 %(years)s 年（业主大会和业主委员会指导规则第 32 条，本小区的规则包）")


class PostTaken(Refusal):
    message = N_("%(wanted)s只设一人，这段时间里已经有人担任；请先结束原来的任职，或者改任期")


class BodyFull(Refusal):
    message = N_("%(body)s计划 %(seats)s 个席位，这段时间里已经坐满；请先结束一项任职，或者凭业主大会的决定修改席位数")


class NoBuilding(Refusal):
    message = N_("%(wanted)s要写明管哪一幢，只写楼栋")


class NoEntrance(Refusal):
    message = N_("%(wanted)s要写明管哪一幢的哪个单元，写楼栋和单元")


class NoFloor(Refusal):
    message = N_("%(wanted)s要写明管哪一层，写楼栋、单元和楼层")


class NeedsNoPlace(Refusal):
    message = N_("%(wanted)s是整个小区的职务，不写楼栋、单元和楼层")


def title(post: Post) -> str:
    """Body and post in one phrase, as a message id would be too many; both words are translated by whoever shows
    them.
    """
    return f"{BODIES[post.body]}{called(post)}"


def called(post: Post) -> str:
    """What the post is called within its body, as a message id."""
    return _CALLED.get(post) or KINDS[post.kind]


def side(post: Post) -> Side | None:
    """On which side of the exclusions a post stands; None where it stands on none."""
    if post in GOVERNING:
        return Side.GOVERNING
    if post in SUPERVISORS:
        return Side.SUPERVISING
    return Side.COMPANY if post == PROPERTY_STAFF else None


def exclusive(one: Post, other: Post) -> bool:
    """Committee, supervisors and property company exclude each other (R2.3, R2.21); within a side posts go together."""
    sides = (side(one), side(other))
    return None not in sides and sides[0] is not sides[1]


def crosses(held: Iterable[Post]) -> bool:
    """Whether these posts of one person make a 交叉任职: in a party organisation, and in a committee or the supervisors
    (R2.16). It gives no weight and reserves no seat."""
    found = set(held)
    return bool(found & PARTY) and bool(found & (GOVERNING | SUPERVISORS))


def conflicts(wanted: Seat, seats: Iterable[Seat], ties: Iterable[Tie]) -> tuple[Conflict, ...]:
    """Everything that keeps `wanted` from being held: seats of the same person, of a spouse or of a direct relative on
    another side during any part of the term, and ties to the property company. Those of the person's own come first.
    """
    if side(wanted.post) is None:
        return ()
    ties = [tie for tie in ties if _overlap(tie, wanted)]
    kin = _kin(wanted, ties)
    own: list[Conflict] = []
    theirs: list[Conflict] = []
    for seat in seats:
        if not exclusive(seat.post, wanted.post) or not _overlap(seat, wanted):
            continue
        if seat.person == wanted.person:
            own.append(Conflict(wanted.post, seat.post, None, seat.person, seat.office))
        theirs += [
            Conflict(wanted.post, seat.post, tie.kind, seat.person, seat.office)
            for tie in kin.get(seat.person, ())
            if _overlap(tie, seat, wanted)
        ]
    if side(wanted.post) is not Side.COMPANY:
        for tie in ties:
            if tie.kind in KINSHIP:
                continue
            if tie.person == wanted.person:
                own.append(Conflict(wanted.post, PROPERTY_STAFF, tie.kind, wanted.person))
            elif tie.kind is not TieKind.FAMILY:
                theirs += [
                    Conflict(wanted.post, PROPERTY_STAFF, near.kind, tie.person)
                    for near in kin.get(tie.person, ())
                    if _overlap(near, tie, wanted)
                ]
    return (*own, *theirs)


def _kin(wanted: Seat, ties: Iterable[Tie]) -> Mapping[str, list[Tie]]:
    """The spouse and direct relatives of whoever wants the seat, whichever of the two was named first. What only the
    other one declared does not count: nobody keeps others from an office by their own word.
    """
    found: dict[str, list[Tie]] = {}
    for tie in ties:
        if tie.binds not in (None, wanted.person):
            continue
        if tie.kind in KINSHIP and tie.other is not None and wanted.person in (tie.person, tie.other):
            found.setdefault(tie.other if tie.person == wanted.person else tie.person, []).append(tie)
    return found


def _overlap(*spans: Seat | Tie) -> bool:
    """Whether there is a moment that lies in every one of these spans."""
    return max(span.starts_at for span in spans) < min(span.ends_at for span in spans)


def check_sole(wanted: Seat, seats: Iterable[Seat]) -> None:
    """One chair, one leader, one head of a building, entrance or floor at a time."""
    if wanted.post not in SOLE:
        return
    for seat in seats:
        if seat.post == wanted.post and seat.place == wanted.place and _overlap(seat, wanted):
            raise PostTaken(wanted=title(wanted.post))


def within(wanted: Seat, seats: Iterable[Seat]) -> list[Seat]:
    """The seats that are held during some part of the wanted one."""
    return [seat for seat in seats if _overlap(seat, wanted)]


def check_seats(wanted: Seat, seats: Iterable[Seat], *, planned: int) -> None:
    """Never more people sitting in a body than it has planned seats (0: it plans none). Somebody with two posts in it
    takes one seat; alternates take none (R2.5)."""
    if planned and wanted.post.kind != "alternate":
        check_enough(wanted.post.body, [*within(wanted, seats), wanted], planned=planned)


def check_enough(body: str, seats: Iterable[Seat], *, planned: int) -> None:
    """At no moment do more people sit in this body than `planned`."""
    if most_at_once(body, seats) > planned:
        raise BodyFull(body=BODIES[body], seats=planned)


def most_at_once(body: str, seats: Iterable[Seat]) -> int:
    """The largest number of people who sit in this body at one moment; it is reached when somebody's term starts."""
    sitting = [seat for seat in seats if seat.post.body == body and seat.post.kind != "alternate"]
    return max(
        (
            len({seat.person for seat in sitting if seat.starts_at <= moment < seat.ends_at})
            for moment in {seat.starts_at for seat in sitting}
        ),
        default=0,
    )


def check_place(wanted: Post, place: Place) -> None:
    """Building posts say exactly where they are, all others say nothing."""
    needed = PLACED.get(wanted, 0)
    said = tuple(bool(part) for part in place)
    if said != (needed > 0, needed > 1, needed > 2):
        refusal = (NeedsNoPlace, NoBuilding, NoEntrance, NoFloor)[needed]
        raise refusal(wanted=title(wanted))


def check_term(starts_at: datetime, ends_at: datetime, *, years: int) -> None:
    """A term ends after it starts and lasts at most `years`, as the rule pack says."""
    if ends_at <= starts_at:
        raise TermTooShort
    latest = starts_at.replace(year=starts_at.year + years, day=min(starts_at.day, 28))
    if (ends_at - latest).days > 4:
        raise TermTooLong(years=years)
