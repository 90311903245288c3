"""What the demo's bodies are, who leads the buildings, and two members of the party branch: one elected to the
committee (shown by consent), one whose post is nobody's business.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from hoa.demo.people import ELECTED, TERM
from hoa.kernel import posts
from hoa.kernel.posts import Post
from hoa.offices import consents, places, service
from hoa.offices.rules import NOWHERE, PLACED, Place
from hoa.platform import Platform

# kind, seats, legal form, since
BODIES = (
    ("owners_committee", 7, "filed", date(2024, 1, 16)),
    ("supervisory_committee", 3, "", date(2024, 1, 16)),
    ("residents_committee", 0, "grassroots", None),
    ("street_office", 0, "government", None),
    ("party_branch", 0, "party", date(2024, 7, 1)),
    ("property_manager", 0, "company", None),
    ("auditor", 0, "partnership", None),
)
# Who of the cast leads what: the number is the building's place in the register.
LEADS = (
    ("member", posts.BUILDING_LEAD, 0),
    ("two_flats", posts.ENTRANCE_LEAD, 0),
    ("other_member", posts.BUILDING_LEAD, 1),
    ("co_owner", posts.FLOOR_LEAD, 2),
)
BRANCH = ("deputy", "third_supervisor")
# They agreed that everybody may see it; 鲁浩俊 did not.
AGREED = ("party", "deputy")


def build(platform: Platform, community_id: str, cast: Mapping[str, str], *, now: datetime) -> None:
    """Needs the register: building posts are checked against it."""
    with platform.database.writing() as session:
        for kind, seats, legal_form, since in BODIES:
            service.describe_body(
                session,
                community_id,
                kind=kind,
                seats=seats,
                legal_form=legal_form,
                since=since,
                basis=ELECTED if seats else "设立文件",
                by=cast["officer"],
                now=now,
            )
        for key, post, place, basis in _posts(session, community_id):
            service.appoint(
                session,
                community_id,
                post=post,
                person_id=cast[key],
                starts_at=TERM[0],
                ends_at=TERM[1],
                basis=basis,
                by=cast["officer"],
                now=now,
                place=place,
            )
        for key in AGREED:
            consents.give(session, community_id, person_id=cast[key], now=now)


def _posts(session: Session, community_id: str) -> Iterator[tuple[str, Post, Place, str]]:
    """Who of the cast gets which post, where, on what basis."""
    known = list(places.buildings(session, community_id).items())
    for key, post, building in LEADS:
        name, entrances = known[building]
        entrance = next(iter(entrances))
        parts = (name, entrance, str(entrances[entrance][0]))
        yield key, post, Place(*parts[: PLACED[post]]), "楼栋业主推选"
    for key in BRANCH:
        yield key, posts.PARTY_MEMBER, NOWHERE, "社区党委批准"
