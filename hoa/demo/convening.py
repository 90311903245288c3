"""What stands before the demo's assemblies: rulebooks with a history, and a request that owners are signing."""

from collections.abc import Mapping
from datetime import date
from importlib.resources import files

from sqlalchemy.orm import Session

from hoa.community.rules import IdentityLevel
from hoa.community.service import roll
from hoa.platform import Platform
from hoa.resolutions import rulebooks
from voting.service import motions, requests
from voting.tables import Motion

BASIS = "首次业主大会会议，2024 年 1 月 14 日"
SINCE = date(2024, 1, 14)
SIGNERS = 61


def text(name: str) -> str:
    """One of the demo's rulebooks: `procedure-2` is the second version of the rules of procedure."""
    return (files("hoa.demo") / "rulebooks" / f"{name}.txt").read_text(encoding="utf-8")


def build_rulebooks(platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    """The first version of both, as the first assembly passed them before this platform."""
    by, now = people["secretary"], platform.now()
    with platform.database.writing() as session:
        for kind in ("procedure", "covenant"):
            draft = rulebooks.draft(session, community_id, kind=kind, text=text(f"{kind}-1"), by=by, now=now)
            rulebooks.adopt_first(
                session, community_id, draft.id, basis=BASIS, effective_on=SINCE, by=people["chair"], now=now
            )


def attach(session: Session, platform: Platform, motion: Motion, book: str, *, by: str) -> None:
    """Put the draft of a rulebook (`procedure-2`) under the motion that decides on it."""
    kind = book.split("-")[0]
    draft = rulebooks.draft(session, motion.community_id, kind=kind, text=text(book), by=by, now=platform.now())
    motions.attach_rulebook(
        session, platform.files, motion.community_id, motion.assembly_id, motion.id, version_id=draft.id
    )


def build_request(platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    """Owners ask for an assembly; the signatures do not suffice yet, and none of the demo's own people has signed."""
    now = platform.now()
    with platform.database.reading() as session:
        able = [
            owner.person_id
            for elector in roll(session, community_id)
            for owner in elector.owners[:1]
            if owner.person_id and owner.level.reaches(IdentityLevel.V2) and owner.person_id not in people.values()
        ]
    with platform.database.writing() as session:
        request = requests.start(
            session,
            community_id,
            title="请召开临时会议：2 幢电梯更新",
            reason="2 幢的电梯今年停了十一次，两次困人。希望尽快由全体业主决定是否更新。",
            motions=[
                {
                    "title": "是否使用维修资金更新 2 幢的两部电梯？",
                    "text": "请业主委员会取得三家报价和检测报告，费用从 2 幢的维修资金分户账列支。",
                }
            ],
            person_id=able[0],
            now=now,
        )
        for person_id in able[1:SIGNERS]:
            requests.sign(session, community_id, request.id, person_id=person_id, now=now)
