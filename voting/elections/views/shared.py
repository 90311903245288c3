"""The blueprint, and what every page of an election needs."""

from datetime import timedelta
from typing import Any

from flask import Blueprint

from hoa.offices.rules import BODIES
from hoa.web import context
from voting.elections.powers import PREPARE, RECOMMEND_BRANCH, RECOMMEND_RESIDENTS
from voting.elections.rules.eligibility import CRITERIA, RESULT_TITLES
from voting.elections.rules.life import (
    CANDIDATE_TITLES,
    CHANNEL_TITLES,
    STATE_TITLES,
    CandidateState,
    Channel,
    State,
)
from voting.elections.service import nominating, reading
from voting.elections.tables import Candidate, Election
from voting.rules.election import RANK_TITLES

blueprint = Blueprint("elections", __name__, url_prefix="/c/<community_code>/elections")

STATE_TAGS = {
    State.NOMINATION: "ok",
    State.SCREENING: "warn",
    State.DISPLAY: "ok",
    State.DRAFTED: "ink",
    State.CANCELLED: "plain",
}
CANDIDATE_TAGS = {
    CandidateState.NOMINATED: "plain",
    CandidateState.ACCEPTED: "ok",
    CandidateState.REFUSED: "error",
    CandidateState.WITHDRAWN: "plain",
}


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "BODIES": BODIES,
        "STATE_TITLES": STATE_TITLES,
        "STATE_TAGS": STATE_TAGS,
        "CANDIDATE_TITLES": CANDIDATE_TITLES,
        "CANDIDATE_TAGS": CANDIDATE_TAGS,
        "CHANNEL_TITLES": CHANNEL_TITLES,
        "RANK_TITLES": RANK_TITLES,
        "RESULT_TITLES": RESULT_TITLES,
        "CRITERIA": CRITERIA,
        "State": State,
        "CandidateState": CandidateState,
        "Channel": Channel,
        "prepares": context.may(PREPARE),
        "last_of": lambda day: day - timedelta(days=1),
        "channels_of": lambda one: nominating.channels(context.reading(), one),
    }


def find(election: str) -> Election:
    """The election of this page, of this community."""
    return reading.election(context.reading(), context.community().id, election)


def candidate(row: Election, standing: int) -> Candidate:
    return reading.candidate(context.reading(), row, standing)


def recommends() -> list[Channel]:
    """By which channels the reader may recommend."""
    pairs = ((RECOMMEND_BRANCH, Channel.BRANCH), (RECOMMEND_RESIDENTS, Channel.RESIDENTS))
    return [channel for power, channel in pairs if context.may(power)]
