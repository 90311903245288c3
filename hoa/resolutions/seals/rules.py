"""When a seal may be set (rules.md R2.19). PURE."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from hoa.kernel.clock import months_on
from hoa.kernel.errors import N_, NotAllowed, Refusal

KINDS: Mapping[str, str] = {
    "committee": N_("业主委员会印章"),
    "assembly": N_("业主大会印章"),
    "finance": N_("财务专用章"),
    "other": N_("其他印章"),
}
LONGEST = 200
MEMBERS = "members"


class UnknownKind(Refusal):
    message: ClassVar[str] = N_("请选择印章的种类")


class NoName(Refusal):
    message: ClassVar[str] = N_("请写明印章名称，最多 %(most)s 个字")


class NameTaken(Refusal):
    message: ClassVar[str] = N_("已经登记过名为“%(name)s”的印章")


class Retired(Refusal):
    message: ClassVar[str] = N_("这枚印章已经停用")
    status: ClassVar[int] = 409


class NoDocument(Refusal):
    message: ClassVar[str] = N_("请写明在什么文件上盖章，最多 %(most)s 个字")


class BadCopies(Refusal):
    message: ClassVar[str] = N_("份数应当在 1 到 %(most)s 之间")


class NoDecision(Refusal):
    message: ClassVar[str] = N_(
        "用印要依据一项决定：请选择决议，或者写明为什么来不及作决定（登记会标红，直到补上决定）"
    )


class DecidedLater(Refusal):
    message: ClassVar[str] = N_("决定“%(title)s”在 %(day)s 还没有作出或者已经过期")


class KeeperApproves(NotAllowed):
    message: ClassVar[str] = N_("保管印章的人不能批准用印，请由另一位委员批准")


class OnlyTheKeeper(NotAllowed):
    message: ClassVar[str] = N_("印章由保管人盖，请找%(keeper)s")


class TooFewConsents(Refusal):
    message: ClassVar[str] = N_(
        "要有过半数委员签字才能盖章：席数 %(planned)s 人，已签 %(signed)s 人，还差 %(missing)s 人"
    )
    status: ClassVar[int] = 409


class AlreadyApplied(Refusal):
    message: ClassVar[str] = N_("这次用印已经盖过章了")
    status: ClassVar[int] = 409


class AlreadyDecided(Refusal):
    message: ClassVar[str] = N_("这次用印已经有依据的决定")
    status: ClassVar[int] = 409


MOST_COPIES = 1000


def check_use(document: str, copies: int, *, decided: bool, urgent: str) -> None:
    """A use names its document and its decision; without a decision only in urgency, with a reason."""
    if not 0 < len(document.strip()) <= LONGEST:
        raise NoDocument(most=LONGEST)
    if not 1 <= copies <= MOST_COPIES:
        raise BadCopies(most=MOST_COPIES)
    if not decided and not urgent.strip():
        raise NoDecision


def missing_consents(signed: int, planned: int) -> int:
    """How many more members must sign where the place asks for more than half of them (Beijing 43)."""
    return max(planned // 2 + 1 - signed, 0)


def publication_due(since: date, months: int) -> date | None:
    """The last day for publishing the uses since a day; None where the place asks for none."""
    return months_on(since, months) if months else None
