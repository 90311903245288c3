"""Pictures of what is wrong and of what was done: drawn anew without metadata, made no larger than eyes need, and shown
in public only after somebody looked at them.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.affairs.rules.states import Action, Actor
from hoa.affairs.service import steps
from hoa.affairs.tables import Photo, Suggestion
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.uploads import Upload

LONGEST_SIDE = 2000
PICTURES = ("image/jpeg", "image/png")
KEPT = "photos"  # in a step's details: the pictures it brought


class Phase(StrEnum):
    BEFORE = "before"  # what the reporter shows
    AFTER = "after"  # what the handler did


class Pictures(NamedTuple):
    """Pictures that come with a step, `checked`, and where they are kept; NONE where none can come."""

    files: Files | None
    sent: Sequence[Upload]


NONE = Pictures(None, ())


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


def bring(
    session: Session, row: Suggestion, pictures: Pictures, *, phase: Phase, now: datetime
) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """Keep the pictures that a step brings; what that step keeps of them, so that `hoa verify` sees which picture came
    when and whether it shows the state before or after. Called before the step is written, in its transaction.
    """
    if pictures.files is None:
        return {}
    made = _keep(session, pictures.files, row, pictures.sent, phase, now)
    return {KEPT: [told(photo) for photo in made]} if made else {}


def told(photo: Photo) -> Mapping[str, str]:
    """A picture as its step keeps it."""
    return {"id": photo.id, "phase": photo.phase, "digest": photo.digest, "media_type": photo.media_type}


def add(
    session: Session,
    files: Files,
    row: Suggestion,
    sent: Sequence[Upload],
    *,
    phase: Phase | str,
    by: str | None = None,
    now: datetime,
) -> Sequence[Photo]:
    """Pictures that come on their own, with a step of their own: before from who reported, after from who handles it.
    What brought nothing new is no step.
    """
    row, after = steps.opened(session, row.community_id, row.id, Action.PHOTO), Phase(phase) is Phase.AFTER
    made = _keep(session, files, row, sent, Phase(phase), now)
    if made:
        steps.write(
            session,
            row,
            Action.PHOTO,
            actor=Actor.HANDLER if after else Actor.REPORTER,
            now=now,
            person_id=by,
            handler_id=row.handler_id if after else None,
            details={KEPT: [told(photo) for photo in made]},
        )
    return made


def _keep(
    session: Session, files: Files, row: Suggestion, sent: Sequence[Upload], phase: Phase, now: datetime
) -> Sequence[Photo]:
    """Pictures that were `checked`; the same picture twice is kept once."""
    known = {photo.digest for photo in photos(session, row)}
    made = []
    for picture in sent:
        digest = files.put(picture.data)
        if digest in known:
            continue
        known.add(digest)
        photo = Photo(
            community_id=row.community_id,
            suggestion_id=row.id,
            phase=phase.value,
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
