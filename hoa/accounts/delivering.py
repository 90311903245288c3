"""One message to one number, told at most once: the row that logs it is written before anything is sent."""

from collections.abc import Mapping
from typing import ClassVar

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped

from hoa.db import CommunityRow, get
from hoa.platform import Platform
from hoa.ports.sms import SmsNotSent

log = structlog.get_logger("hoa.accounts")


class Delivery(CommunityRow):
    """What a row of such a log has: a unique key for what is told to whom (its table's), and what came of it.

    `outcome` is `sending`, `sent`, `failed`, or the table's word for a recipient without a number. A row that stays at
    `sending` was interrupted: whether the message arrived nobody knows.
    """

    UNREACHABLE: ClassVar[str] = "unreachable"
    outcome: Mapped[str]


def deliver(
    platform: Platform, row: Delivery, *, phone: str | None, text: str, template: str, params: Mapping[str, str]
) -> None:
    """Write the new `row`, send `text`, write what came of it.

    A row that is there already means that somebody told it, or is telling it: nothing is sent.
    """
    begin(row, phone)
    try:
        with platform.database.writing() as session:
            session.add(row)
    except IntegrityError:
        return
    if phone:
        finish(platform, row, phone=phone, text=text, template=template, params=params)


def begin(row: Delivery, phone: str | None) -> None:
    """What the log says before the message leaves; commit it, then `finish` where there is a number."""
    row.outcome = "sending" if phone else row.UNREACHABLE


def finish(
    platform: Platform, row: Delivery, *, phone: str, text: str, template: str, params: Mapping[str, str]
) -> None:
    """Send what a committed `row` says is being sent, and write what came of it."""
    outcome = "sent"
    try:
        platform.sms.send(phone, text, template=template, params=dict(params))
    except SmsNotSent:
        log.warning("message.not_sent", template=template, delivery=row.id)
        outcome = "failed"
    with platform.database.writing() as session:
        get(session, type(row), row.community_id, row.id).outcome = outcome
