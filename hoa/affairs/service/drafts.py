"""What is being written: kept from page to page without a sign-in, so that neither a wrong code nor a lost connection
nor signing in on the way takes anything away. Sealed, and gone after a day.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from hoa.affairs.rules.intake import MOST_PHOTOS
from hoa.affairs.service.photos import TooManyPhotos
from hoa.affairs.tables import Draft, DraftPhoto
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import ALPHABET, ID_LENGTH
from hoa.ports.keys import Keys
from hoa.ports.uploads import Upload

KEPT = timedelta(days=1)
MOST_WAITING = 1024**3  # bytes
_PURPOSE = "suggestion-draft"


class DraftGone(Refusal):
    message = N_("这张没写完的单子已经过了一天，内容已经删除；请重新填写")
    status = 404


class WrittenElsewhere(Refusal):
    """Else whoever begins a page and passes its address on would read what others write there, and who they are."""

    message = N_("没写完的单子只能在开始写的那个手机和浏览器里接着写；请在那里打开，或者重新填写")
    status = 404


class NoRoomForPhotos(Refusal):
    message = N_("现在等着提交的照片太多，这次没有保存照片。请先不带照片提交，收到后可以在进度页上补照片")
    status = 429


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a draft holds. `follows` names the suggestion that is to be followed instead of a new one; `code_id` the
    one-time code that was sent to `phone`; `anew`: others' suggestions were shown and this is none of them; `sent` is
    where it ended; `browser` in which it is written, and read by nobody else.
    """

    category: str = ""
    place_code: str = ""
    building: str = ""
    entrance: str = ""
    floor: int | None = None
    spot: str = ""
    text: str = ""
    name: str = ""
    phone: str = ""
    may_call: bool = False
    follows: str = ""
    code_id: str = ""
    anew: bool = False
    sent: str = ""
    browser: str = ""


def changed(written: Written, **parts: Any) -> Written:
    """The same with some parts written anew."""
    return replace(written, **parts)


def is_draft_id(text: str) -> bool:
    """Whether this is an id as `hoa.kernel.ids.new_id` draws them: the page draws it before anything is written."""
    return len(text) == ID_LENGTH and set(text) <= set(ALPHABET)


def find(
    session: Session, keys: Keys, community_id: str, draft_id: str, *, now: datetime, lock: bool = False
) -> Written | None:
    """What was written, if it is still there; `lock` makes whoever sends it at the same moment wait."""
    query = select(Draft).where(Draft.community_id == community_id, Draft.id == draft_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.made_at <= now - KEPT:
        return None
    return Written(**json.loads(keys.open(_PURPOSE, row.sealed, _bound(community_id, draft_id))))


def demand(
    session: Session, keys: Keys, community_id: str, draft_id: str, *, now: datetime, lock: bool = False
) -> Written:
    """The same, or DraftGone."""
    found = find(session, keys, community_id, draft_id, now=now, lock=lock)
    if found is None:
        raise DraftGone
    return found


def save(session: Session, keys: Keys, community_id: str, draft_id: str, written: Written, *, now: datetime) -> None:
    """Keep what was written under the page's id."""
    sealed = keys.seal(_PURPOSE, json.dumps(asdict(written)).encode(), _bound(community_id, draft_id))
    row = session.scalars(
        select(Draft).where(Draft.community_id == community_id, Draft.id == draft_id).with_for_update()
    ).one_or_none()
    if row is None:
        session.add(Draft(community_id=community_id, id=draft_id, sealed=sealed, made_at=now))
    else:
        row.sealed = sealed
    session.flush()


def add_pictures(session: Session, keys: Keys, community_id: str, draft_id: str, pictures: Sequence[Upload]) -> None:
    """Keep more pictures; what is there already stays, and there are never more than allowed. Nobody has proven a
    phone yet: what all drafts of the platform hold together has an end, or a stranger fills the disk.
    """
    held = {data: number for number, (data, _) in enumerate(_held(session, keys, community_id, draft_id))}
    new = [picture for picture in pictures if picture.data not in held]
    if len(held) + len(new) > MOST_PHOTOS:
        raise TooManyPhotos(count=len(held) + len(new), most=MOST_PHOTOS)
    waiting = session.scalar(select(func.sum(func.length(DraftPhoto.sealed)))) or 0
    if new and waiting + sum(len(picture.data) for picture in new) > MOST_WAITING:
        raise NoRoomForPhotos
    last = session.scalar(select(func.max(DraftPhoto.seq)).where(*_mine(community_id, draft_id))) or 0
    for seq, picture in enumerate(new, last + 1):
        sealed = keys.seal(_PURPOSE, picture.data, _bound(community_id, draft_id))
        session.add(
            DraftPhoto(
                community_id=community_id, draft_id=draft_id, seq=seq, sealed=sealed, media_type=picture.media_type
            )
        )
    session.flush()


def picture_numbers(session: Session, community_id: str, draft_id: str) -> Sequence[int]:
    query = select(DraftPhoto.seq).where(*_mine(community_id, draft_id)).order_by(DraftPhoto.seq)
    return session.scalars(query).all()


def picture(session: Session, keys: Keys, community_id: str, draft_id: str, seq: int) -> Upload:
    """One picture of a draft, to be looked at by whoever writes it."""
    row = session.scalars(select(DraftPhoto).where(*_mine(community_id, draft_id), DraftPhoto.seq == seq)).one_or_none()
    if row is None:
        raise DraftGone
    return Upload(keys.open(_PURPOSE, row.sealed, _bound(community_id, draft_id)), row.media_type, f"{seq}")


def drop_picture(session: Session, community_id: str, draft_id: str, seq: int) -> None:
    session.execute(delete(DraftPhoto).where(*_mine(community_id, draft_id), DraftPhoto.seq == seq))


def pictures(session: Session, keys: Keys, community_id: str, draft_id: str) -> Sequence[Upload]:
    return [
        Upload(data, media_type, f"{number}")
        for number, (data, media_type) in enumerate(_held(session, keys, community_id, draft_id), 1)
    ]


def finish(
    session: Session, keys: Keys, community_id: str, draft_id: str, *, sent: str, browser: str, now: datetime
) -> None:
    """It was sent: of what was written nothing stays but where it went, so that pressing twice sends once."""
    session.execute(delete(DraftPhoto).where(*_mine(community_id, draft_id)))
    save(session, keys, community_id, draft_id, Written(sent=sent, browser=browser), now=now)


def tidy(session: Session, *, now: datetime) -> None:
    """Forget what was not sent within a day (个人信息保护法 19: kept no longer than needed)."""
    old = select(Draft.id).where(Draft.made_at <= now - KEPT)
    session.execute(delete(DraftPhoto).where(DraftPhoto.draft_id.in_(old)))
    session.execute(delete(Draft).where(Draft.made_at <= now - KEPT))


def _held(session: Session, keys: Keys, community_id: str, draft_id: str) -> list[tuple[bytes, str]]:
    rows = session.scalars(select(DraftPhoto).where(*_mine(community_id, draft_id)).order_by(DraftPhoto.seq)).all()
    return [(keys.open(_PURPOSE, row.sealed, _bound(community_id, draft_id)), row.media_type) for row in rows]


def _mine(community_id: str, draft_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return DraftPhoto.community_id == community_id, DraftPhoto.draft_id == draft_id


def _bound(community_id: str, draft_id: str) -> bytes:
    return f"{community_id}\n{draft_id}".encode()
