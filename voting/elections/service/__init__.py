"""The verbs of an election before its ballot, one noun per module; nothing here commits."""

from voting.elections.service.calling import Call, cancel, close_nominations, create, extend, supplement, vacancies
from voting.elections.service.listing import draft, draw, join, publish, take_off, withdraw
from voting.elections.service.nominating import describe, picture, recommend, stand, support, take_back
from voting.elections.service.reading import Stander, candidate_of
from voting.elections.service.screening import accept, answer_appeal, appeal, check, refuse
from voting.elections.service.undertaking import sign

__all__ = [
    "Call",
    "Stander",
    "accept",
    "answer_appeal",
    "appeal",
    "cancel",
    "candidate_of",
    "check",
    "close_nominations",
    "create",
    "describe",
    "draft",
    "draw",
    "extend",
    "join",
    "picture",
    "publish",
    "recommend",
    "refuse",
    "sign",
    "stand",
    "supplement",
    "support",
    "take_back",
    "take_off",
    "vacancies",
    "withdraw",
]
