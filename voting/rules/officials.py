"""Who signs an assembly's record with a key of their own (rules.md R1.38; docs/audit-package.md 3)."""

from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal

COUNTERS_NEEDED = 2
SCRUTINEERS_NEEDED = 1


class Role(StrEnum):
    """What somebody signs as; one person has one role in an assembly."""

    COUNTER = "counter"
    SCRUTINEER = "scrutineer"
    CLERK = "clerk"


ROLE_TITLES = {
    Role.COUNTER: N_("计票人"),
    Role.SCRUTINEER: N_("监票人"),
    Role.CLERK: N_("工作人员"),
}


class TooFewOfficials(Refusal):
    message: ClassVar[str] = N_(
        "计票人至少两名、监票人至少一名，或者都不设；现在计票人 %(counters)s 名、监票人 %(scrutineers)s 名"
    )


def check_numbers(*, counters: int, scrutineers: int) -> None:
    """Both roles empty, or at least two counters and one scrutineer (R1.38)."""
    if (counters, scrutineers) == (0, 0):
        return
    if counters < COUNTERS_NEEDED or scrutineers < SCRUTINEERS_NEEDED:
        raise TooFewOfficials(counters=counters, scrutineers=scrutineers)
