"""A report the supervisors asked for, of the first half of the year, which the worker prints when the demo starts; and
a firm of accountants that was let in to look at the same half-year.
"""

from collections.abc import Mapping
from datetime import date

from finance.audit import service
from finance.engagements import service as engagements
from finance.engagements.rules import Bounds, Part
from finance.engagements.service import Terms
from hoa.demo.people import ROLES
from hoa.platform import Platform


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
        auditor = next(role for role in ROLES if role.key == "third_party")
        engagements.invite(
            session,
            platform.keys,
            community_id,
            terms=Terms(
                firm="公正会计师事务所",
                name=auditor.name,
                phone=auditor.phone,
                parts=(Part.BOOKS, Part.VOTES),
                bounds=Bounds(date(2026, 1, 1), date(2026, 6, 30), date(2026, 10, 20), date(2026, 11, 30)),
                resolution_id=None,
                basis="议事规则：公共收益每年审计一次，费用从公共收益支付",
                fee_fen=800_000,
            ),
            by=people["chair"],
            now=platform.now(),
        )
