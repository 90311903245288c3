"""A report the supervisors asked for, of the first half of the year, which the worker prints when the demo starts; a
firm of accountants that was let in to look at the same half-year, and the street's auditor, who looks at the year.
"""

from collections.abc import Mapping
from datetime import date

from finance.audit import service
from finance.engagements import service as engagements
from finance.engagements.rules import Bounds, Part
from finance.engagements.service import Terms
from hoa.demo.people import ROLES
from hoa.platform import Platform

# Who of the cast audits, for whom, 2026 until when, on what basis, for how much. The street's auditor too: the office
# alone opens nothing.
ENGAGED = (
    (
        "third_party",
        "公正会计师事务所",
        date(2026, 6, 30),
        "议事规则：公共收益每年审计一次，费用从公共收益支付",
        800_000,
    ),
    ("auditor", "街道委派审计组", date(2026, 12, 31), "街道委派书", 0),
)


def build(platform: Platform, community_id: str, people: Mapping[str, str]) -> None:
    """Ask for the report, as the chair of the supervisors would in the browser."""
    with platform.database.writing() as session:
        service.ask(
            session,
            community_id,
            start=date(2026, 1, 1),
            end=date(2026, 6, 30),
            by=people["supervisor"],
            now=platform.now(),
        )
        for key, firm, until, basis, fee_fen in ENGAGED:
            auditor = next(role for role in ROLES if role.key == key)
            terms = Terms(
                firm=firm,
                name=auditor.name,
                phone=auditor.phone,
                parts=(Part.BOOKS, Part.VOTES),
                bounds=Bounds(date(2026, 1, 1), until, date(2026, 10, 20), date(2026, 11, 30)),
                resolution_id=None,
                basis=basis,
                fee_fen=fee_fen,
            )
            engagements.invite(
                session, platform.keys, community_id, terms=terms, by=people["chair"], now=platform.now()
            )
