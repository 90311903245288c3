"""Forgetting what was written and never sent, and who reported what ended long ago."""

from hoa.affairs.service import drafts, forgetting
from hoa.jobs import Periodic
from hoa.platform import Platform

HOUR_SECONDS = 3600.0


def run(platform: Platform) -> None:
    with platform.database.writing() as session:
        drafts.tidy(session, now=platform.now())


DRAFTS = Periodic("affairs.drafts", HOUR_SECONDS, run)
REPORTERS = Periodic("affairs.reporters", HOUR_SECONDS, forgetting.forget_all)
