"""Votes of a meeting: open, with who voted how in the minutes, or secret.

A secret vote keeps no ballots. The choice goes into the box, a sealed count that nobody reads before the vote is
closed; that somebody has voted stands in another table, without a time. So what is stored never says who chose what.
Whoever can break into the server while the vote runs, and opens the box after each vote, could still tell; and when
all choose alike the result itself does. The pages say both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.db import get as get_row
from hoa.kernel import canonical
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.offices import service as offices
from hoa.ports.keys import Keys
from hoa.resolutions.meetings import attendance, rules, service
from hoa.resolutions.meetings.rules import ItemKind
from hoa.resolutions.meetings.tables import (
    CommitteeBallot,
    CommitteeItem,
    CommitteeMeeting,
    CommitteeVote,
    CommitteeVoter,
)

PURPOSE = "committee-vote"


class NothingToVote(Refusal):
    message: ClassVar[str] = N_("通报和讨论不表决")


class VoteOpen(Refusal):
    message: ClassVar[str] = N_("这一项正在表决")
    status: ClassVar[int] = 409


class AlreadyDecided(Refusal):
    message: ClassVar[str] = N_("这一项已经表决过了")
    status: ClassVar[int] = 409


class VoteClosed(Refusal):
    message: ClassVar[str] = N_("这一项表决已经结束")
    status: ClassVar[int] = 409


class NotPresent(NotAllowed):
    message: ClassVar[str] = N_("只有到会的委员本人可以表决，不能委托别人")


class VotedAlready(Refusal):
    message: ClassVar[str] = N_("这一项您已经表决过了，不能再改")
    status: ClassVar[int] = 409


class SecretIsYourOwn(NotAllowed):
    message: ClassVar[str] = N_("无记名表决只能由委员本人在自己的账户里投")


def votes(session: Session, item: CommitteeItem) -> Sequence[CommitteeVote]:
    """The rounds of an item, the first first."""
    query = select(CommitteeVote).where(
        CommitteeVote.community_id == item.community_id, CommitteeVote.item_id == item.id
    )
    return session.scalars(query.order_by(CommitteeVote.round)).all()


def open_vote(
    session: Session, keys: Keys, community_id: str, item_id: str, *, by: str, now: datetime
) -> CommitteeVote:
    """Open the vote on an item. An election that gave nobody more than half may have another round."""
    item = get_row(session, CommitteeItem, community_id, item_id)
    meeting = service.current(session, community_id, item.meeting_id)
    service.needs_recorder(session, meeting, by, now)
    if meeting.opened_at is None:
        raise attendance.NotOpenYet
    if item.kind == ItemKind.REPORT:
        raise NothingToVote
    before = votes(session, item)
    if any(vote.closed_at is None for vote in before):
        raise VoteOpen
    if before and (item.kind == ItemKind.DECISION or before[-1].winner is not None):
        raise AlreadyDecided
    rules.needs_quorum(len(attendance.present(session, meeting, now)), meeting.planned)
    choices = _choices(session, meeting, item, now)
    vote = CommitteeVote(
        community_id=community_id,
        item_id=item.id,
        round=len(before) + 1,
        secret=item.secret,
        choices=choices,
        opened_at=now,
    )
    session.add(vote)
    session.flush()
    if item.secret:
        vote.box = _sealed(keys, vote, dict.fromkeys(choices, 0))
        session.flush()
    return vote


def _choices(session: Session, meeting: CommitteeMeeting, item: CommitteeItem, now: datetime) -> list[str]:
    if item.kind == ItemKind.DECISION:
        return [rules.AGREE, rules.OPPOSE, rules.ABSTAIN]
    sitting = [person.id for person in service.members(session, meeting.community_id, now)]
    taken = elected(session, meeting)
    if item.kind == ItemKind.DEPUTY and not any(other.kind == ItemKind.CHAIR for other in taken):
        chairs = offices.holders(session, meeting.community_id, posts=frozenset({COMMITTEE_CHAIR}), now=now)
        sitting = [one for one in sitting if one not in {holder.person.id for holder in chairs}]
    return [one for one in sitting if one not in taken.values()] + [rules.ABSTAIN]


def elected(session: Session, meeting: CommitteeMeeting) -> Mapping[CommitteeItem, str]:
    """Whom this meeting has elected, by item."""
    found = {}
    for item in service.agenda(session, meeting):
        winner = next((vote.winner for vote in votes(session, item) if vote.winner), None)
        if item.kind in rules.ELECTIONS and winner is not None:
            found[item] = winner
    return found


def cast(
    session: Session,
    keys: Keys,
    community_id: str,
    vote_id: str,
    *,
    choice: str,
    by: str,
    now: datetime,
    person_id: str | None = None,
) -> None:
    """A member who is there votes once. In an open vote the recorder may write down somebody else's raised hand."""
    vote = get_row(session, CommitteeVote, community_id, vote_id, lock=True)
    meeting = service.current(
        session, community_id, get_row(session, CommitteeItem, community_id, vote.item_id).meeting_id
    )
    voter = person_id or by
    if vote.closed_at is not None:
        raise VoteClosed
    if voter != by:
        if vote.secret:
            raise SecretIsYourOwn
        service.needs_recorder(session, meeting, by, now)
    if voter not in {person.id for person in attendance.present(session, meeting, now)}:
        raise NotPresent
    service.needs_member(session, community_id, voter, now)  # who is suspended since may be there, and does not vote
    if choice not in vote.choices:
        raise rules.NotAChoice
    if voter in have_voted(session, vote):
        raise VotedAlready
    if vote.secret:
        assert vote.box is not None
        counts = _opened(keys, vote, vote.box)
        counts[choice] += 1
        vote.box = _sealed(keys, vote, counts)
        session.add(CommitteeVoter(community_id=community_id, vote_id=vote.id, person_id=voter))
    else:
        session.add(
            CommitteeBallot(
                community_id=community_id, vote_id=vote.id, person_id=voter, choice=choice, recorded_by=by, at=now
            )
        )
    session.flush()


def have_voted(session: Session, vote: CommitteeVote) -> frozenset[str]:
    """Who has voted; never what."""
    table: type[CommitteeVoter] | type[CommitteeBallot] = CommitteeVoter if vote.secret else CommitteeBallot
    query = select(table.person_id).where(table.community_id == vote.community_id, table.vote_id == vote.id)
    return frozenset(session.scalars(query))


def ballots(session: Session, vote: CommitteeVote) -> Sequence[CommitteeBallot]:
    """The votes of an open vote, in order."""
    query = select(CommitteeBallot).where(
        CommitteeBallot.community_id == vote.community_id, CommitteeBallot.vote_id == vote.id
    )
    return session.scalars(query.order_by(CommitteeBallot.at, CommitteeBallot.id)).all()


def close_vote(
    session: Session, keys: Keys, community_id: str, vote_id: str, *, by: str, now: datetime
) -> CommitteeVote:
    """Count: the box is opened and emptied, the inequality is written with its numbers.

    A box with too few votes for any decision is emptied unread: closed after the first vote, it would tell whose it
    was, round after round. The inequality then says how many voted.
    """
    vote = get_row(session, CommitteeVote, community_id, vote_id, lock=True)
    item = get_row(session, CommitteeItem, community_id, vote.item_id)
    meeting = service.current(session, community_id, item.meeting_id)
    service.needs_recorder(session, meeting, by, now)
    if vote.closed_at is not None:
        raise VoteClosed
    counts = dict.fromkeys(vote.choices, 0)
    voted = len(have_voted(session, vote))
    if vote.box is not None and not rules.has_quorum(voted, meeting.planned):
        vote.counts, vote.winner, vote.line = {}, None, rules.line(voted, meeting.planned)
        return _close(session, vote, meeting, now)
    if vote.box is not None:
        counts = _opened(keys, vote, vote.box)
    for ballot in ballots(session, vote):
        counts[ballot.choice] += 1
    result = rules.outcome(ItemKind(item.kind), counts, meeting.planned)
    vote.counts, vote.winner, vote.line = dict(counts), result.winner, result.line
    return _close(session, vote, meeting, now)


def _close(session: Session, vote: CommitteeVote, meeting: CommitteeMeeting, now: datetime) -> CommitteeVote:
    vote.present = len(attendance.present(session, meeting, now))
    vote.box, vote.closed_at = None, now
    session.flush()
    return vote


def _context(vote: CommitteeVote) -> bytes:
    return f"{vote.community_id}/{vote.id}".encode()


def _sealed(keys: Keys, vote: CommitteeVote, counts: Mapping[str, int]) -> bytes:
    return keys.seal(PURPOSE, canonical.encode(dict(counts)), _context(vote))


def _opened(keys: Keys, vote: CommitteeVote, box: bytes) -> dict[str, int]:
    counts = canonical.decode(keys.open(PURPOSE, box, _context(vote)))
    return {str(choice): int(number) for choice, number in counts.items()}


# ----------------------------------------------------------------------------------------------------------- showing


@dataclass(frozen=True, kw_only=True)
class Round:
    """One vote as pages and minutes show it. `tally` is None while it is open and empty where the box stayed closed,
    `voters` is None while it is open or secret."""

    vote: CommitteeVote
    voted: frozenset[str]
    tally: Sequence[tuple[str, int]] | None
    voters: Sequence[tuple[str, str]] | None
    winner_name: str | None


def shown(session: Session, vote: CommitteeVote, names: Mapping[str, str]) -> Round:
    """A vote with names for ids; `names` knows everybody who sat at the meeting."""
    done = vote.closed_at is not None and vote.counts is not None
    return Round(
        vote=vote,
        voted=have_voted(session, vote),
        tally=[(choice, int(vote.counts[choice])) for choice in vote.choices if vote.counts] if done else None,
        voters=(
            [(names.get(row.person_id, ""), row.choice) for row in ballots(session, vote)]
            if done and not vote.secret
            else None
        ),
        winner_name=names.get(vote.winner) if vote.winner else None,
    )
