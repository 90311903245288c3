"""The demo's notices; the last of them says that the community is complete."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.bulletin import service
from hoa.bulletin.tables import Publication
from hoa.platform import Platform

NOTICES = (
    (
        "电梯年度检验通知",
        "11 月 3 日上午 9 点至 11 点，1 至 6 栋电梯依次停用检验，每台约 20 分钟。\n"
        "需要帮助的老人请拨打求助电话，志愿者会上门。",
    ),
    (
        "第 3 次业主大会会议正在表决",
        "三个表决事项，11 月 5 日 18:00 截止。\n"
        "用手机扫楼道里的二维码就能投票；不会用手机的，到居委会核验点，有人帮您。",
    ),
)


def build(platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    with platform.database.writing() as session:
        for title, body in NOTICES:
            service.publish_notice(
                session, community_id, title=title, body=body, by=people["secretary"], now=platform.now()
            )


def is_complete(session: Session, community_id: str) -> bool:
    """Whether the last notice of the demo hangs on the board."""
    query = select(Publication.id).where(Publication.community_id == community_id, Publication.title == NOTICES[-1][0])
    return session.scalars(query).first() is not None
