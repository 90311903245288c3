"""Paper ballots as rules: serials that find a slip of the hand, what two clerks keyed, where a sheet stands
(rules.md R1.28, R1.33, R1.35; docs/audit-package.md 5.2)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import random_bytes
from voting.rules.counting import MARKS

# 23 signs that no hand and no eye confuses (no 0 O D, 1 I L, 2 Z, 5 S, 8 B, U V); 23 is prime, so that the check sign
# finds every single wrong sign and every two that were exchanged.
SIGNS = "34679ACEFGHJKMNPQRTUWXY"
LENGTH = 8
_SHAPE = re.compile(rf"[{SIGNS}]{{{LENGTH}}}\Z")


class NotASerial(Refusal):
    message: ClassVar[str] = N_("编号“%(typed)s”不对：应为 8 个字母或数字，例如 %(example)s，请照选票上的再输一次")


class SerialMistyped(Refusal):
    message: ClassVar[str] = N_("编号“%(typed)s”校验不符，有一位输错了或者两位颠倒了，请照选票上的再输一次")


def new_serial() -> str:
    """A serial that says nothing about anybody: seven random signs and a check sign, `7K3M-9QC6`."""
    signs = ""
    while len(signs) < LENGTH - 1:
        number = random_bytes(1)[0]
        if number < len(SIGNS) * (256 // len(SIGNS)):
            signs += SIGNS[number % len(SIGNS)]
    weighed = _weighed(signs)
    # The check sign's own weight is 8; 3 is its inverse modulo 23.
    return shown(signs + SIGNS[-weighed * 3 % len(SIGNS)])


def read_serial(typed: str) -> str:
    """The serial that was typed or scanned; spaces, hyphens, small letters and a QR code's address are taken off."""
    text = unicodedata.normalize("NFKC", typed).strip()
    text = re.split(r"[?#]", text)[0].rstrip("/").rpartition("/")[2]
    signs = re.sub(r"[\s\-_.‐-―]", "", text).upper()
    if not _SHAPE.match(signs):
        raise NotASerial(typed=typed.strip()[:40], example="7K3M-9QC6")
    if _weighed(signs) % len(SIGNS):
        raise SerialMistyped(typed=shown(signs))
    return shown(signs)


def shown(signs: str) -> str:
    """As it is printed and kept: `7K3M-9QC6`."""
    return f"{signs[:4]}-{signs[4:]}"


def _weighed(signs: str) -> int:
    return sum(weight * SIGNS.index(sign) for weight, sign in enumerate(signs, 1))


# ------------------------------------------------------------------------------------------------------------ keying

# What may be wrong with a sheet in hand (R1.35). The first may also concern one motion alone.
DEFECTS: Mapping[str, str] = {
    "multiple-choice": N_("勾选了不止一个"),
    "unsigned": N_("没有签名"),
    "altered": N_("有涂改"),
    "forged": N_("疑似伪造"),
    "late": N_("逾期交回"),
}
OF_ONE_MOTION = frozenset({"multiple-choice", "altered"})
ALL_MOTIONS = "*"


class WrongMarks(Refusal):
    message: ClassVar[str] = N_("录入的内容不完整或有不认识的选项，没有保存。请对照扫描件重新勾选")


class Keyed(NamedTuple):
    """What somebody read on a sheet: marks by motion (what is missing was left blank) and defects by motion or `*`."""

    marks: Mapping[str, str]
    defects: frozenset[tuple[str, str]]

    @property
    def value(self) -> dict[str, Any]:
        return {"marks": dict(self.marks), "defects": [list(defect) for defect in sorted(self.defects)]}


def keyed(value: Mapping[str, Any]) -> Keyed:
    """Out of its stored form."""
    return Keyed(value["marks"], frozenset((motion, reason) for motion, reason in value["defects"]))


def read_keying(motions: Sequence[str], marks: Mapping[str, str], whole: Sequence[str]) -> Keyed:
    """What a clerk entered: per motion `agree`, `oppose`, `abstain`, `blank`, or a defect of that motion; `whole` are
    the defects of the sheet. Every motion must be answered, so that nothing stays blank by oversight.
    """
    chosen = {motion: marks.get(motion, "") for motion in motions}
    allowed = {*MARKS, "blank", *OF_ONE_MOTION}
    if set(marks) - set(motions) or not set(chosen.values()) <= allowed or not set(whole) <= DEFECTS.keys():
        raise WrongMarks
    defects = {(motion, mark) for motion, mark in chosen.items() if mark in OF_ONE_MOTION}
    defects |= {(ALL_MOTIONS, reason) for reason in whole}
    return Keyed({motion: mark for motion, mark in chosen.items() if mark in MARKS}, frozenset(defects))


def rulings(found: Keyed) -> list[tuple[str, str]]:
    """(motion or `*`, reason) of the rulings a keying leads to: a defect of the whole sheet covers every motion, and a
    sheet or a motion is ruled invalid once, for the gravest reason found.
    """
    gravest = ("forged", "unsigned", "altered", "multiple-choice", "late")
    by_motion: dict[str, set[str]] = {}
    for motion, reason in found.defects:
        by_motion.setdefault(motion, set()).add(reason)
    if ALL_MOTIONS in by_motion:
        by_motion = {ALL_MOTIONS: by_motion[ALL_MOTIONS]}
    return [
        (motion, next(reason for reason in gravest if reason in reasons))
        for motion, reasons in sorted(by_motion.items())
    ]


class Stage(StrEnum):
    """Where a sheet stands on its way into the log."""

    PREPARED = "prepared"
    ISSUED = "issued"
    SCANNED = "scanned"
    KEYED_ONCE = "keyed-once"
    DIFFERS = "differs"
    TO_SIGN = "to-sign"
    STOPPED = "stopped"
    LOGGED = "logged"
    VOIDED = "voided"
    DEAD = "dead"


STAGE_TITLES = {
    Stage.PREPARED: N_("待签发"),
    Stage.ISSUED: N_("已签发"),
    Stage.SCANNED: N_("待录入"),
    Stage.KEYED_ONCE: N_("待第二人录入"),
    Stage.DIFFERS: N_("两人录入不一致"),
    Stage.TO_SIGN: N_("待两人签名"),
    Stage.STOPPED: N_("签名未完成，需重新提交"),
    Stage.LOGGED: N_("已入日志"),
    Stage.VOIDED: N_("录入已作废，可重录"),
    Stage.DEAD: N_("已补发，作废"),
}
STAGE_TAGS = {
    Stage.PREPARED: "plain",
    Stage.ISSUED: "plain",
    Stage.SCANNED: "ink",
    Stage.KEYED_ONCE: "ink",
    Stage.DIFFERS: "warn",
    Stage.TO_SIGN: "warn",
    Stage.STOPPED: "error",
    Stage.LOGGED: "ok",
    Stage.VOIDED: "warn",
    Stage.DEAD: "error",
}

# ---------------------------------------------------------------------------------------------------------- delivery

# How a ballot reached an elector (R1.29), in the order of how sure one may be.
METHODS: Mapping[str, str] = {
    "in-person": N_("当面送达"),
    "post": N_("邮寄（挂号）"),
    "sms": N_("短信"),
    "login": N_("登录平台查看"),
    "posted": N_("无法送达，已在小区公告"),
}
