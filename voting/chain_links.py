"""What voting knows of the chain: motions, the resolutions they became, and the drafts that can take up a topic."""

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.resolutions.chain import Key, Kind, Link, Prepared, Reader
from hoa.resolutions.tables import Resolution
from hoa.web.i18n import moment
from voting.powers import CONVENE
from voting.rules.life import STATE_TITLES, State
from voting.rules.matters import MATTERS
from voting.rules.thresholds import Outcome
from voting.service import drafts, reading
from voting.tables import Assembly, Motion

FOLLOWS: Mapping[State, str] = {
    State.DRAFT: N_("会议还在筹备，公告以后全体业主都能看到表决事项。"),
    State.NOTICED: N_("已经公告，%(opens)s 开始表决。"),
    State.OPEN: N_("正在表决，%(closes)s 截止。"),
    State.CUT_OFF: N_("表决已截止，等待封票和计票。"),
    State.CLOSED: N_("表决已截止，等待封票和计票。"),
    State.TALLIED: N_("已计票，等待公布结果。"),
}


class VotingLinks:
    """Motions. One of a draft is told without its words to whoever does not write it."""

    def tell(self, session: Session, community_id: str, keys: Sequence[Key], reader: Reader, /) -> Mapping[Key, Link]:
        found = {}
        for key in keys:
            motion = session.get(Motion, (community_id, key.id)) if key.kind is Kind.MOTION else None
            if motion is not None:
                assembly = drafts.assembly_of(session, motion)
                found[key] = _link(session, key, motion, assembly, reader)
        return found

    def up(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        """The motion that a resolution of the assembly was: the same words in the same record."""
        row = session.get(Resolution, (community_id, key.id)) if key.kind is Kind.RESOLUTION else None
        if row is None or row.source != "assembly" or row.evidence is None:
            return ()
        query = (
            select(Motion.id)
            .join(Assembly, (Assembly.community_id == Motion.community_id) & (Assembly.id == Motion.assembly_id))
            .where(
                Motion.community_id == community_id,
                Assembly.manifest_hash == row.evidence,
                Motion.title == row.title,
                Motion.body == row.text,
                Motion.matter == row.matter,
            )
        )
        return [Key(Kind.MOTION, motion_id) for motion_id in session.scalars(query)]

    def down(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        motion = session.get(Motion, (community_id, key.id)) if key.kind is Kind.MOTION else None
        if motion is None:
            return ()
        manifest = drafts.assembly_of(session, motion).manifest_hash
        if manifest is None:
            return ()
        query = select(Resolution.id).where(
            Resolution.community_id == community_id,
            Resolution.source == "assembly",
            Resolution.evidence == manifest,
            Resolution.title == motion.title,
            Resolution.text == motion.body,
            Resolution.matter == motion.matter,
        )
        return [Key(Kind.RESOLUTION, resolution_id) for resolution_id in session.scalars(query)]


def _link(session: Session, key: Key, motion: Motion, assembly: Assembly, reader: Reader) -> Link:
    drafting, writes = assembly.step is State.DRAFT, CONVENE in reader.powers
    if drafting and not writes:
        return Link(
            key=key,
            label=gettext("业主大会会议"),
            title=gettext("表决事项（筹备中）"),
            on=today(assembly.created_at),
            says=gettext(STATE_TITLES[State.DRAFT]),
            follows=gettext(FOLLOWS[State.DRAFT]),
        )
    says, follows, over = _standing(session, motion, assembly)
    return Link(
        key=key,
        label=gettext("业主大会会议 %(code)s", code=assembly.code),
        title=motion.title,
        on=today(assembly.created_at if drafting else assembly.opens_at),
        says=says,
        follows=follows,
        over=over,
        url=url_for("voting.manage" if drafting else "voting.show", code=assembly.code),
    )


def _standing(session: Session, motion: Motion, assembly: Assembly) -> tuple[str, str, bool]:
    """How a motion stands, what follows, and whether nothing will."""
    if assembly.step is not State.ANNOUNCED:
        follows = gettext(FOLLOWS[assembly.step], opens=moment(assembly.opens_at), closes=moment(assembly.ends_at))
        return gettext(STATE_TITLES[assembly.step]), follows, False
    outcome = _outcome(session, motion, assembly)
    if outcome == Outcome.PASSED:
        return gettext("表决通过"), gettext("已形成业主大会决议。"), False
    if outcome == Outcome.REVIEW:
        return gettext("待复核"), gettext("结果有争议，听取法律意见后再定。"), False
    return gettext("没有通过"), gettext("表决没有通过，到此为止。可以修改以后重新提请。"), True


def _outcome(session: Session, motion: Motion, assembly: Assembly) -> Outcome:
    """What an announced assembly's vote on a motion came to."""
    rows = reading.public_tally(session, assembly)["motions"]
    return Outcome(next((row["outcome"] for row in rows if row["motion"] == motion.code), Outcome.FAILED))


class Drafting:
    """The Protocol `hoa.resolutions.chain.Preparing`."""

    def assemblies(self, session: Session, community_id: str, topic_id: str, reader: Reader) -> Sequence[Prepared]:
        if CONVENE not in reader.powers:
            return ()
        return [
            Prepared(
                title=row.title,
                opens_on=today(row.opens_at),
                take_up=url_for("voting.take_up", code=row.code, topic_id=topic_id),
            )
            for row in reading.assemblies(session, community_id, drafts=True)
            if row.step is State.DRAFT
        ]

    def matters(self) -> Mapping[str, str]:
        return {code: found.title for code, found in MATTERS.items()}

    def stands(self, session: Session, community_id: str, motion_id: str) -> bool:
        return session.get(Motion, (community_id, motion_id)) is not None

    def failed(self, session: Session, community_id: str, motion_id: str) -> bool:
        motion = session.get(Motion, (community_id, motion_id))
        if motion is None:
            return False
        assembly = drafts.assembly_of(session, motion)
        return assembly.step is State.ANNOUNCED and _outcome(session, motion, assembly) is Outcome.FAILED
