"""An authenticator app as the second factor of somebody in office (OWASP ASVS 5.0, 6.3.3).

The secret is sealed by the keys port; recovery codes are kept as keyed digests and shown once. A code works once, and a
session that gave one is good for half a day. A passkey asks its owner for finger, face or code, and so is two factors
already.
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hoa.accounts import signing_in
from hoa.accounts.signing_in import Trial
from hoa.accounts.tables import Authenticator, LoginSession, RecoveryCode
from hoa.kernel import totp
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import ALPHABET, random_bytes
from hoa.ports.keys import Keys

SEALED = "authenticator"
RECOVERY = "recovery-code"
LASTS = timedelta(hours=12)
CODES, LETTERS = 10, 10


class WrongFactor(Refusal):
    message = N_("验证器的数字不对，或者已经用过。请等下一组数字再试；手机时间要自动校准")


class HasOne(Refusal):
    message = N_("已经登记了验证器。要换新的，请先用现在的数字或一个备用码停用它")


class HasNone(Refusal):
    message = N_("还没有登记验证器")


# `prove` and `stop`: what is done once the figures were right.
Act = Callable[..., None]


def current(session: Session, person_id: str, *, confirmed: bool = True) -> Authenticator | None:
    """The person's authenticator: the one in use, or the one being set up."""
    query = select(Authenticator).where(Authenticator.person_id == person_id, Authenticator.ended_at.is_(None))
    known = Authenticator.confirmed_at.is_not(None) if confirmed else Authenticator.confirmed_at.is_(None)
    return session.scalars(query.where(known).order_by(Authenticator.made_at.desc())).first()


def begin(session: Session, keys: Keys, *, person_id: str, now: datetime) -> bytes:
    """A new secret, which counts once a code of it was typed; an earlier one that never was confirmed is dropped."""
    if current(session, person_id) is not None:
        raise HasOne
    unfinished = current(session, person_id, confirmed=False)
    if unfinished is not None:
        unfinished.ended_at = now
    secret = random_bytes(totp.SECRET_BYTES)
    row = Authenticator(person_id=person_id, secret_sealed=b"", made_at=now, last_step=0)
    session.add(row)
    session.flush()
    row.secret_sealed = keys.seal(SEALED, secret, row.id.encode())
    session.flush()
    return secret


def secret_of(keys: Keys, row: Authenticator) -> bytes:
    return keys.open(SEALED, row.secret_sealed, row.id.encode())


def confirm(
    session: Session, keys: Keys, trial: Trial, *, person_id: str, session_id: str, typed: str, now: datetime
) -> Sequence[str]:
    """The app shows the right figures: from now on it counts. The recovery codes, which nobody can show again."""
    signing_in.demand_tries_left(session, trial, now=now)
    row = current(session, person_id, confirmed=False)
    if row is None:
        raise HasNone
    step = totp.matching_step(secret_of(keys, row), figures(typed), now=now, after=row.last_step)
    if step is None:
        raise WrongFactor
    row.confirmed_at, row.last_step = now, step
    codes = ["".join(ALPHABET[byte & 31] for byte in random_bytes(LETTERS)) for _ in range(CODES)]
    for code in codes:
        session.add(RecoveryCode(authenticator_id=row.id, code_hash=_digest(keys, row, code)))
    _note(session, session_id, now)
    signing_in.forgive(session, trial)
    session.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def prove(
    session: Session, keys: Keys, trial: Trial, *, person_id: str, session_id: str, typed: str, now: datetime
) -> None:
    """Figures of the app, or a recovery code, each good once; this session has its second factor from now on."""
    row = _checked(session, keys, trial, person_id=person_id, typed=typed, now=now)
    assert row.confirmed_at is not None
    _note(session, session_id, now)


def stop(session: Session, keys: Keys, trial: Trial, *, person_id: str, typed: str, now: datetime) -> None:
    """The authenticator counts no more; only who can still prove it may do this. Every session loses what it gave."""
    _checked(session, keys, trial, person_id=person_id, typed=typed, now=now)
    forget(session, person_id=person_id, now=now)


def forget(session: Session, *, person_id: str, now: datetime) -> None:
    """For the operator, when phone and recovery codes are lost and two officers vouched for the person."""
    row = current(session, person_id)
    if row is None:
        raise HasNone
    row.ended_at = now
    session.execute(update(LoginSession).where(LoginSession.person_id == person_id).values(second_at=None))
    session.flush()


def given(session: Session, session_id: str, *, now: datetime) -> bool:
    """Whether this session has shown two factors: a passkey, or a code within the last twelve hours."""
    row = session.get(LoginSession, session_id)
    if row is None:
        return False
    return row.method == "passkey" or (row.second_at is not None and now < row.second_at + LASTS)


def stands_against(session: Session, *, person_id: str, session_id: str, now: datetime) -> bool:
    """Whether this session may not yet add another way in or another signing key: the person has an authenticator, and
    here nobody has shown it. A passkey counts as two factors, so a stolen session must not be able to make one."""
    return current(session, person_id) is not None and not given(session, session_id, now=now)


def codes_left(session: Session, row: Authenticator) -> int:
    query = select(func.count()).where(RecoveryCode.authenticator_id == row.id, RecoveryCode.used_at.is_(None))
    return session.scalar(query) or 0


def figures(typed: str) -> str:
    """As typed on any keyboard: full-width figures, spaces and hyphens are meant well."""
    plain = unicodedata.normalize("NFKC", typed).lower()
    return "".join(character for character in plain if character.isascii() and character.isalnum())


def _checked(session: Session, keys: Keys, trial: Trial, *, person_id: str, typed: str, now: datetime) -> Authenticator:
    signing_in.demand_tries_left(session, trial, now=now)
    row = current(session, person_id)
    if row is None:
        raise HasNone
    session.refresh(row, with_for_update=True)
    plain = figures(typed)
    step = totp.matching_step(secret_of(keys, row), plain, now=now, after=row.last_step)
    if step is not None:
        row.last_step = step
    elif not _use_recovery(session, keys, row, plain, now):
        raise WrongFactor
    signing_in.forgive(session, trial)
    session.flush()
    return row


def _use_recovery(session: Session, keys: Keys, row: Authenticator, plain: str, now: datetime) -> bool:
    query = select(RecoveryCode).where(
        RecoveryCode.authenticator_id == row.id,
        RecoveryCode.code_hash == _digest(keys, row, plain),
        RecoveryCode.used_at.is_(None),
    )
    found = session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        return False
    found.used_at = now
    return True


def _digest(keys: Keys, row: Authenticator, code: str) -> str:
    return keys.mac(RECOVERY, f"{row.id}\n{code}".encode())


def _note(session: Session, session_id: str, now: datetime) -> None:
    session.execute(update(LoginSession).where(LoginSession.id == session_id).values(second_at=now))
