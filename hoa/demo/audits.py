"""A report the supervisors asked for, of the first half of the year; the worker prints it when the demo starts."""

from collections.abc import Mapping
from datetime import date

from finance.audit import service
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
