"""What the rooms of resolutions and of the committee's meetings know of the chain."""

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.resolutions import rules
from hoa.resolutions.chain import Key, Kind, Link, Reader
from hoa.resolutions.meetings import service as meetings
from hoa.resolutions.meetings.tables import CommitteeItem, CommitteeMeeting
from hoa.resolutions.tables import Resolution


class ResolutionLinks:
    """Resolutions themselves, and the items of committee meetings that became one."""

    def tell(self, session: Session, community_id: str, keys: Sequence[Key], _reader: Reader, /) -> Mapping[Key, Link]:
        found = {}
        for key in keys:
            if key.kind is Kind.RESOLUTION and (row := session.get(Resolution, (community_id, key.id))):
                found[key] = _resolution(key, row)
            if key.kind is Kind.ITEM and (item := session.get(CommitteeItem, (community_id, key.id))):
                meeting = meetings.get(session, community_id, item.meeting_id)
                found[key] = _item(key, item, meeting)
        return found

    def up(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        if key.kind is not Kind.RESOLUTION:
            return ()
        query = select(CommitteeItem.id).where(
            CommitteeItem.community_id == community_id, CommitteeItem.resolution_id == key.id
        )
        return [Key(Kind.ITEM, item_id) for item_id in session.scalars(query)]

    def down(self, session: Session, community_id: str, key: Key) -> Sequence[Key]:
        if key.kind is not Kind.ITEM:
            return ()
        item = session.get(CommitteeItem, (community_id, key.id))
        return [Key(Kind.RESOLUTION, item.resolution_id)] if item and item.resolution_id else ()


def _resolution(key: Key, row: Resolution) -> Link:
    return Link(
        key=key,
        label=rules.number_text(row.source, row.year, row.number),
        title=row.title,
        on=row.decided_on,
        says=gettext(rules.SOURCES[row.source]),
        follows=gettext("等待落实。要花钱的，合同和付款都会引用这项决议，登记以后列在这里。"),
        url=url_for("resolutions.show", resolution_id=row.id),
    )


def _item(key: Key, item: CommitteeItem, meeting: CommitteeMeeting) -> Link:
    over = meeting.settled_at is not None and item.resolution_id is None
    follows = gettext("会议没有就它作出决定。") if over else gettext("等待会议表决，会议记录签署后成为决定。")
    if meeting.cancelled_at is not None:
        says, follows = gettext("会议取消了"), gettext("等待列入下一次会议。")
    elif meeting.ended_at is None:
        says = gettext("已列入业主委员会会议的议程")
    else:
        says = gettext("业主委员会会议讨论过了")
    return Link(
        key=key,
        label=meetings.number_text(meeting).strip(),
        title=item.title,
        on=today(meeting.starts_at),
        says=says,
        follows=follows,
        over=over,
        url=url_for("meetings.show", meeting_id=meeting.id),
    )
