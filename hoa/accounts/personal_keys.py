"""Personal signing keys: the public half is registered here, the private half never leaves its owner (voting-record.md
1)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.tables import PersonalKey
from hoa.kernel import signing
from hoa.kernel.errors import N_, NotFound, Refusal


class NotAKey(Refusal):
    message: ClassVar[str] = N_("这不是一把 P-256 公钥，没有登记。请重新生成，或者检查粘贴的内容是否完整")


class NotYourKey(Refusal):
    message: ClassVar[str] = N_("没有证明您持有这把钥匙：签名不成立，没有登记。请重新生成")


class KeyTaken(Refusal):
    message: ClassVar[str] = N_("这把钥匙已经登记过，一把钥匙只能属于一个人。请重新生成一把")


def key_id(public: bytes) -> str:
    """How records name a personal key (docs/audit-package.md 1)."""
    return f"{signing.P256}:{hashlib.sha256(public).hexdigest()[:16]}"


def claim(person_id: str, public: bytes) -> dict[str, Any]:
    """What a new key signs (kind `key`) to show that its owner holds the private half."""
    return {"person": person_id, "public": public.hex()}


def register(
    session: Session, *, person_id: str, public: bytes, signature: bytes, label: str, now: datetime
) -> PersonalKey:
    """Take a key into use; the one before it ends now and stays known, because it may stand under records."""
    if not signing.is_p256_point(public):
        raise NotAKey
    message = signing.message("key", claim(person_id, public))
    if not signing.verify_p256(public=public, signature=signature, message=message):
        raise NotYourKey
    if session.scalar(select(PersonalKey.id).where(PersonalKey.key_id == key_id(public))) is not None:
        raise KeyTaken
    before = current(session, person_id)
    if before is not None:
        before.ended_at = now
    row = PersonalKey(
        person_id=person_id, key_id=key_id(public), public=public.hex(), label=label.strip()[:80], made_at=now
    )
    session.add(row)
    session.flush()
    return row


def end(session: Session, *, person_id: str, row_id: str, now: datetime) -> None:
    """Sign no more with this key. What it signed stays good, and an assembly that named it goes on taking it until a
    `key-change` replaces it there."""
    row = session.get(PersonalKey, row_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    row.ended_at = row.ended_at or now
    session.flush()


def current(session: Session, person_id: str) -> PersonalKey | None:
    """The key with which this person signs today."""
    query = select(PersonalKey).where(PersonalKey.person_id == person_id, PersonalKey.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def keys_of(session: Session, person_id: str) -> Sequence[PersonalKey]:
    """All keys this person ever used, the latest first."""
    query = select(PersonalKey).where(PersonalKey.person_id == person_id)
    return session.scalars(query.order_by(PersonalKey.made_at.desc(), PersonalKey.id)).all()
