"""Keys of other software: made and ended by the desk, shown once, kept as digests (trust.md 20)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.api.tables import ApiKey, Sent
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id

MOST_NAME = 40
MOST_CONTACT = 80


class NameTaken(Refusal):
    message = N_("已经有一个叫“%(name)s”的软件在用，请换一个名称，或先停用原来的那个")


class KeyNameMissing(Refusal):
    message = N_("请填写软件的名称，最多 %(most)s 个字")


class ContactMissing(Refusal):
    message = N_("请填写对方的联系方式，最多 %(most)s 个字：出了问题要找得到人")


class AlreadyEnded(Refusal):
    message = N_("这个密钥已经停用了")
    status = 409


@dataclass(frozen=True)
class Use:
    """A key, how many suggestions came in with it, and when the last one did."""

    key: ApiKey
    sent: int
    last_at: datetime | None


def make(session: Session, community_id: str, *, name: str, contact: str, by: str, now: datetime) -> tuple[ApiKey, str]:
    """A new key: the row, and the secret that is shown this once (200 random bits)."""
    name, contact = name.strip(), contact.strip()
    if not 0 < len(name) <= MOST_NAME:
        raise KeyNameMissing(most=MOST_NAME)
    if not 0 < len(contact) <= MOST_CONTACT:
        raise ContactMissing(most=MOST_CONTACT)
    taken = select(ApiKey.id).where(ApiKey.community_id == community_id, ApiKey.name == name, ApiKey.ended_at.is_(None))
    if session.scalars(taken).first() is not None:
        raise NameTaken(name=name)
    secret = new_id() + new_id()
    row = ApiKey(
        community_id=community_id,
        id=new_id(),
        name=name,
        contact=contact,
        digest=digest_of(secret),
        made_at=now,
        made_by_id=by,
        ended_at=None,
        ended_by_id=None,
    )
    session.add(row)
    session.flush()
    return row, secret


def end(session: Session, community_id: str, key_id: str, *, by: str, now: datetime) -> ApiKey:
    """From now on the key opens nothing; what came in with it stays."""
    row = get(session, ApiKey, community_id, key_id, lock=True)
    if row.ended_at is not None:
        raise AlreadyEnded
    row.ended_at, row.ended_by_id = now, by
    session.flush()
    return row


def uses(session: Session, community_id: str) -> Sequence[Use]:
    """Every key with its use, those that still open something first, then by name."""
    query = (
        select(ApiKey, func.count(Sent.id), func.max(Sent.at))
        .outerjoin(Sent, (Sent.community_id == ApiKey.community_id) & (Sent.key_id == ApiKey.id))
        .where(ApiKey.community_id == community_id)
        .group_by(ApiKey.community_id, ApiKey.id)
    )
    found = [Use(*row) for row in session.execute(query)]
    return sorted(found, key=lambda use: (use.key.ended_at is not None, use.key.name, use.key.id))


def opened_by(session: Session, community_id: str, secret: str, *, lock: bool = False) -> ApiKey | None:
    """The key of this community that the secret is, unless it was ended. `lock`: two calls with one key take turns."""
    if not secret:
        return None
    query = select(ApiKey).where(
        ApiKey.community_id == community_id, ApiKey.digest == digest_of(secret), ApiKey.ended_at.is_(None)
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def digest_of(secret: str) -> str:
    """Plain SHA-256 is enough: what is hashed are 200 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
