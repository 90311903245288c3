"""One message to one number, told at most once: the row that logs it is written before anything is sent."""

from collections.abc import Mapping

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped

from hoa.db import CommunityRow, get
from hoa.platform import Platform
from hoa.ports.sms import SmsNotSent

log = structlog.get_logger("hoa.accounts")


class Delivery(CommunityRow):
    """What a row of such a log has: a unique key for what is told to whom (its table's), and what came of it."""

    outcome: Mapped[str]


def deliver(
    platform: Platform, row: Delivery, *, phone: str | None, text: str, template: str, params: Mapping[str, str]
) -> None:
    """Send `text` and write into `row` what came of it: `sent`, `failed`, or `unreachable` without a number.

    A row that is there already means that somebody told it, or is telling it: nothing is sent.
    """
    row.outcome = "sending"
    try:
        with platform.database.writing() as session:
            session.add(row)
    except IntegrityError:
        return
    outcome = "unreachable"
    if phone:
        try:
            platform.sms.send(phone, text, template=template, params=dict(params))
            outcome = "sent"
        except SmsNotSent:
            log.warning("message.not_sent", template=template, delivery=row.id)
            outcome = "failed"
    with platform.database.writing() as session:
        get(session, type(row), row.community_id, row.id).outcome = outcome
