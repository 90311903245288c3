"""The ways in that need no device of their own: one-time codes and passwords; and the sessions they lead to."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import argon2
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from hoa.accounts import rules
from hoa.accounts.service import PHONE, find_by_phone, person, phone_mac, phone_of
from hoa.accounts.tables import Attempt, LoginCode, LoginSession, PasskeyChallenge, Person
from hoa.kernel import identifiers
from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.ids import new_code
from hoa.ports.keys import Keys

ATTEMPT = "attempt"
CODE = "sign-in-code"
KEPT = timedelta(days=1)
ENDED_KEPT = timedelta(days=90)


# ---------------------------------------------------------------------------------------------------- counted tries


@dataclass(frozen=True)
class Trial:
    """A try that has been written down; `service` functions look at its count, and take it away when it was right."""

    purpose: str
    attempts: tuple[str, str]
    subjects: tuple[str, str]


def begin_trial(session: Session, keys: Keys, *, purpose: str, account: str, address: str, now: datetime) -> Trial:
    """Write a try down, in a transaction of its own: it must be committed before the guess is looked at.

    `account` is whatever is being guessed at (a phone, a letter's code); `address` where the try came from.
    """
    subjects = (_subject(keys, "account", account), _subject(keys, "address", address))
    rows = [Attempt(purpose=purpose, subject=subject, made_at=now) for subject in subjects]
    session.add_all(rows)
    session.flush()
    return Trial(purpose, (rows[0].id, rows[1].id), subjects)


def demand_tries_left(
    session: Session,
    trial: Trial,
    *,
    now: datetime,
    most: tuple[int, int] = (rules.MOST_TRIES, rules.MOST_TRIES),
    refusal: type[Refusal] = rules.TooManyTries,
    window: timedelta = rules.WINDOW,
) -> None:
    """Refuse when this try is one too many within `window` for its account or its address."""
    for subject, allowed in zip(trial.subjects, most, strict=True):
        query = select(func.count(), func.min(Attempt.made_at)).where(
            Attempt.purpose == trial.purpose, Attempt.subject == subject, Attempt.made_at > now - window
        )
        count, first = session.execute(query).one()
        if count > allowed:
            minutes = -((first + window - now) // -timedelta(minutes=1))
            raise refusal(minutes=max(minutes, 1))


def forgive(session: Session, trial: Trial) -> None:
    """The guess was right: it does not count against anybody."""
    session.execute(delete(Attempt).where(Attempt.id.in_(trial.attempts)))


def spare_account(session: Session, trial: Trial) -> None:
    """The request was refused, so nothing was sent: it counts against where it came from, not against the phone that
    was typed, or a stranger could keep a phone from its codes by asking on and on.
    """
    session.execute(delete(Attempt).where(Attempt.id == trial.attempts[0]))


def _subject(keys: Keys, sort: str, value: str) -> str:
    return keys.mac(ATTEMPT, f"{sort}\n{value}".encode())


# ------------------------------------------------------------------------------------------------------------ codes


@dataclass(frozen=True)
class AskedCode:
    """A code that was asked for. `code` is None when the phone belongs to nobody: then nothing is sent."""

    id: str
    phone: str
    code: str | None


def ask_code(session: Session, keys: Keys, trial: Trial, *, phone: str, known: bool, now: datetime) -> AskedCode:
    """Make a code for a normalised phone. `known` says whether somebody may sign in by it; both write the same."""
    demand_tries_left(
        session,
        trial,
        now=now,
        most=(rules.MOST_REQUESTS_PER_PHONE, rules.MOST_REQUESTS_PER_ADDRESS),
        refusal=rules.AskedTooOften,
    )
    code = new_code(rules.CODE_DIGITS)
    row = LoginCode(
        phone_mac=phone_mac(keys, phone),
        phone_sealed=b"",
        code_hash="",
        sent_at=now,
        expires_at=now + rules.CODE_LIFE,
    )
    session.add(row)
    session.flush()
    row.phone_sealed = keys.seal(PHONE, phone.encode(), row.id.encode())
    # For an unknown phone no code will do: the digest is of something that no form can send.
    row.code_hash = _code_hash(keys, row.id, code if known else f"{code} for nobody")
    session.flush()
    return AskedCode(row.id, phone, code if known else None)


def phone_of_code(session: Session, keys: Keys, code_id: str, *, now: datetime) -> str | None:
    """The phone that a code still on its way was asked for."""
    row = session.get(LoginCode, code_id)
    if row is None or row.used_at is not None or now >= row.expires_at:
        return None
    return keys.open(PHONE, row.phone_sealed, row.id.encode()).decode()


def redeem_code(session: Session, keys: Keys, trial: Trial, *, code_id: str, code: str, now: datetime) -> str:
    """The phone that the right code proves to be at hand. The code is used up and the try forgiven."""
    demand_tries_left(session, trial, now=now)
    row = session.scalars(select(LoginCode).where(LoginCode.id == code_id).with_for_update()).one_or_none()
    given = _code_hash(keys, code_id, code)
    right = row is not None and hmac.compare_digest(given, row.code_hash)
    if row is None or not right or row.used_at is not None or now >= row.expires_at:
        raise rules.WrongCode
    row.used_at = now
    forgive(session, trial)
    session.flush()
    return keys.open(PHONE, row.phone_sealed, row.id.encode()).decode()


def _code_hash(keys: Keys, code_id: str, code: str) -> str:
    return keys.mac(CODE, f"{code_id}\n{code}".encode())


# -------------------------------------------------------------------------------------------------------- passwords


@cache
def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """What is verified when there is no such person or password, so that both answers take the same time."""
    return _hasher().hash(secrets.token_hex(16))


def check_password(session: Session, keys: Keys, *, phone: str, password: str) -> str:
    """The id of the person with this phone and password, or WrongPassword. Slow on purpose: call it outside a write."""
    try:
        found = find_by_phone(session, keys, phone)
    except identifiers.NotAMobileNumber:
        found = None
    held = found.password_hash if found and found.password_hash else _nobodys_hash()
    if not _matches(held, password) or found is None or found.password_hash is None:
        raise rules.WrongPassword
    return found.id


def is_password(session: Session, *, person_id: str, password: str) -> bool:
    """Whether this is the person's present password; with none set, whether nothing was given."""
    held = person(session, person_id).password_hash
    return _matches(held, password) if held else not password


def hash_password(session: Session, keys: Keys, *, person_id: str, password: str) -> str:
    """The hash to keep for an acceptable password. Slow on purpose: call it outside a write."""
    rules.check_password(password, name=person(session, person_id).name, phone=phone_of(session, keys, person_id))
    return _hasher().hash(password)


def set_password(session: Session, *, person_id: str, password_hash: str | None, keep: str, now: datetime) -> None:
    """Keep the new hash (or none) and end every session but `keep`: whoever knew the old password is out."""
    person(session, person_id).password_hash = password_hash
    end_other_sessions(session, person_id=person_id, keep=keep, now=now)


def _matches(held: str, password: str) -> bool:
    try:
        return _hasher().verify(held, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


# --------------------------------------------------------------------------------------------------------- sessions


def begin_session(session: Session, *, person_id: str, device: str, method: str, now: datetime) -> str:
    """A new session; the token that its cookie carries. Only the token's hash is kept."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            person_id=person_id,
            token_hash=_token_hash(token),
            device=device,
            method=method,
            began_at=now,
            seen_at=now,
        )
    )
    session.flush()
    return token


# Every request of somebody signed in asks this; building the statement takes longer than answering it.
_BY_TOKEN = (
    select(LoginSession, Person)
    .join(Person, Person.id == LoginSession.person_id)
    .where(LoginSession.token_hash == bindparam("token_hash"))
)


def find_session(session: Session, token: str, *, now: datetime) -> tuple[LoginSession, Person] | None:
    """The living session with this token, and its person."""
    found = session.execute(_BY_TOKEN, {"token_hash": _token_hash(token)}).one_or_none()
    if found is None:
        return None
    login, holder = found
    alive = rules.is_alive(began=login.began_at, seen=login.seen_at, ended=login.ended_at, now=now)
    return (login, holder) if alive else None


def touch_session(session: Session, *, session_id: str, now: datetime) -> None:
    """Note that the session is in use."""
    session.execute(
        update(LoginSession).where(LoginSession.id == session_id, LoginSession.ended_at.is_(None)).values(seen_at=now)
    )


def sessions_of(session: Session, *, person_id: str, now: datetime) -> Sequence[LoginSession]:
    """The person's living sessions, latest use first."""
    query = (
        select(LoginSession)
        .where(
            LoginSession.person_id == person_id,
            LoginSession.ended_at.is_(None),
            LoginSession.seen_at > now - rules.SESSION_IDLE,
            LoginSession.began_at > now - rules.SESSION_LIFE,
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id)
    )
    return session.scalars(query).all()


def end_session(session: Session, *, person_id: str, session_id: str, now: datetime) -> None:
    """End one session of this person; somebody else's does not exist here."""
    row = session.get(LoginSession, session_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    row.ended_at = row.ended_at or now
    session.flush()


def end_other_sessions(session: Session, *, person_id: str, keep: str, now: datetime) -> int:
    """End all sessions but one; how many that were."""
    others = select(LoginSession).where(
        LoginSession.person_id == person_id, LoginSession.ended_at.is_(None), LoginSession.id != keep
    )
    rows = session.scalars(others).all()
    for row in rows:
        row.ended_at = now
    session.flush()
    return len(rows)


def tidy(session: Session, *, now: datetime) -> None:
    """Forget what has served its time: personal data is not kept for its own sake (个人信息保护法 19)."""
    session.execute(delete(Attempt).where(Attempt.made_at < now - KEPT))
    session.execute(delete(LoginCode).where(LoginCode.expires_at < now - KEPT))
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
    session.execute(delete(LoginSession).where(LoginSession.ended_at < now - ENDED_KEPT))
    session.execute(delete(LoginSession).where(LoginSession.seen_at < now - rules.SESSION_LIFE - ENDED_KEPT))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
