"""Pictures of what is wrong and of what was done: drawn anew without metadata, made no larger than eyes need, and shown
in public only after somebody looked at them.
"""

import io
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.tables import Photo, Suggestion
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.uploads import Upload

LONGEST_SIDE = 2000
PICTURES = ("image/jpeg", "image/png")


class Phase(StrEnum):
    BEFORE = "before"  # what the reporter shows
    AFTER = "after"  # what the handler did


class NotAPhoto(Refusal):
    message = N_("“%(name)s”不是照片：只收 JPEG 和 PNG。请直接用手机拍照，或者截图后再选")


class PhotoTooLarge(Refusal):
    message = N_("照片“%(name)s”太大，每张最多 %(most)s MB。请在手机里裁剪或降低画质后再选")


class PhotosOver(Refusal):
    message = N_("这件诉求已经办结，不用再补照片了；如果问题还在，请要求重办")
    status = 409


class TooManyPhotos(Refusal):
    message = N_("一共选了 %(count)s 张照片，最多 %(most)s 张，请少选几张")


def checked(data: bytes, name: str) -> Upload:
    """A picture as it may be kept: JPEG or PNG by its content, upright, without metadata, at most 2000 pixels long."""
    try:
        kept = uploads.checked(data, name)
    except uploads.DocumentTooLarge:
        raise PhotoTooLarge(name=name[:80], most=uploads.MAX_BYTES // 1024 // 1024) from None
    except Refusal:
        raise NotAPhoto(name=name[:80]) from None
    if kept.media_type not in PICTURES:
        raise NotAPhoto(name=name[:80])
    return kept._replace(data=_smaller(kept.data, kept.media_type))


def _smaller(data: bytes, media_type: str) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        if max(picture.size) <= LONGEST_SIDE:
            return data
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        out = io.BytesIO()
        picture.save(out, "PNG" if media_type == "image/png" else "JPEG", quality=85)
    return out.getvalue()


def add(
    session: Session, files: Files, row: Suggestion, pictures: Sequence[Upload], *, phase: Phase | str, now: datetime
) -> Sequence[Photo]:
    """Keep pictures that were `checked`; the same picture twice is kept once."""
    known = {photo.digest for photo in photos(session, row)}
    made = []
    for picture in pictures:
        digest = files.put(picture.data)
        if digest in known:
            continue
        known.add(digest)
        photo = Photo(
            community_id=row.community_id,
            suggestion_id=row.id,
            phase=str(Phase(phase)),
            digest=digest,
            media_type=picture.media_type,
            added_at=now,
        )
        session.add(photo)
        made.append(photo)
    session.flush()
    return made


def photos(session: Session, row: Suggestion, *, cleared: bool | None = None) -> Sequence[Photo]:
    """The pictures of a suggestion, before first, in the order they came; `cleared` True: only those for the public."""
    query = select(Photo).where(Photo.community_id == row.community_id, Photo.suggestion_id == row.id)
    if cleared is not None:
        query = query.where(Photo.cleared_at.is_not(None) if cleared else Photo.cleared_at.is_(None))
    return session.scalars(query.order_by(Photo.phase.desc(), Photo.added_at, Photo.id)).all()


def photo_of(session: Session, row: Suggestion, photo_id: str) -> Photo:
    """One picture of this suggestion; another's does not exist here."""
    photo = get(session, Photo, row.community_id, photo_id)
    if photo.suggestion_id != row.id:
        raise NotFound
    return photo


def clear(session: Session, community_id: str, photo_id: str, *, by: str, now: datetime) -> Photo:
    """Somebody looked at the picture: nobody can be recognised on it, the public may see it."""
    photo = get(session, Photo, community_id, photo_id, lock=True)
    if photo.cleared_at is None:
        photo.cleared_at, photo.cleared_by_id = now, by
        session.flush()
    return photo


def hold_back(session: Session, community_id: str, photo_id: str) -> Photo:
    """The picture is not for the public (any more): somebody can be recognised on it after all."""
    photo = get(session, Photo, community_id, photo_id, lock=True)
    photo.cleared_at = photo.cleared_by_id = None
    session.flush()
    return photo
