"""An entry that waits for a signature, told in words: what it is, about whom, and what it does once it is in the log.

Who signs must understand what they sign; so every kind says its consequence, and nothing shows raw JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext, ngettext

from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_
from hoa.web.i18n import moment
from voting.rules import record
from voting.rules.counting import OPTION_TITLES
from voting.rules.officials import ROLE_TITLES

KIND_TITLES = {
    "issue": N_("登记纸质票"),
    "reissue": N_("补发纸质票"),
    "delivery": N_("登记送达"),
    "ballot": N_("录入的票"),
    "void": N_("录错的票作废"),
    "ruling": N_("认定票的效力"),
    "roll-change": N_("更正名册"),
    "extend": N_("延长表决时间"),
    "channel-added": N_("增加投票方式"),
    "key-change": N_("更换签名钥匙"),
    "paper-received": N_("清点收回的纸质票"),
    "cutoff": N_("决定截止收票"),
}
EFFECTS = {
    "issue": N_("写入日志后，这个编号的纸质票归这位业主，只能用一次。"),
    "reissue": N_("写入日志后，旧的那张立即作废，新的这张可以用。"),
    "delivery": N_("写入日志后，算作已送达这位业主。"),
    "ballot": N_("写入日志后，就是这位业主的一张票。"),
    "void": N_("写入日志后，这张票作废，不再计票，业主可以重新投。"),
    "ruling": N_("写入日志后，计票按这个认定进行，并说明理由。"),
    "roll-change": N_("写入日志后，名册按更正后的为准，已投的票跟着转。"),
    "extend": N_("写入日志后，截止时间改到新的时间，并告知每位业主。"),
    "channel-added": N_("写入日志后，业主可以用新增的方式投票，并告知每位业主。"),
    "key-change": N_("写入日志后，新的钥匙有效，旧的不能再签。"),
    "paper-received": N_("写入日志后，只有清单里的纸质票还能录入。"),
    "cutoff": N_("写入日志后，不再接收新的票。"),
}
CHANNELS = {
    "online": N_("网上投票"),
    "meeting": N_("现场会议"),
    "paper": N_("纸质票"),
    "proxy": N_("委托投票"),
}
METHODS = {
    "in-person": N_("当面交付"),
    "post": N_("邮寄"),
    "sms": N_("短信"),
    "login": N_("本人登录"),
    "posted": N_("张贴公示"),
}
VOID_REASONS = {"wrong-elector": N_("录到了别的业主名下"), "keying-error": N_("选项录错")}
INVALID_REASONS = {
    "unsigned": N_("没有签名"),
    "multiple-choice": N_("同一事项选了不止一项"),
    "not-on-roll": N_("不在名册上"),
    "duplicate": N_("重复投票"),
    "late": N_("截止后收到"),
    "altered": N_("票面被涂改"),
    "forged": N_("不是业主本人的票"),
    "no-authority": N_("没有有效的委托"),
}
RULINGS = {
    "invalid": N_("无效"),
    "proxy-accepted": N_("委托有效"),
    "proxy-refused": N_("委托无效"),
}


class Known(NamedTuple):
    """What the words need from the tables: rooms by elector, electors by ballot, motion titles by code."""

    rooms: Mapping[str, str]
    ballots: Mapping[str, str]
    motions: Mapping[str, str]

    def room(self, elector: str) -> str:
        return self.rooms.get(elector, elector)


def subject(entry: Mapping[str, Any], known: Known) -> str:
    """About whom or what: the line that a signer reads first."""
    kind = entry["type"]
    if kind == "roll-change":
        units = sorted({unit["unit"] for row in entry["after"] for unit in row["units"]})
        return "、".join(units)
    if "elector" in entry:
        return known.room(entry["elector"])
    if "leaf" in entry:
        elector = known.ballots.get(entry["leaf"])
        code = record.short_code(entry["leaf"])
        return gettext("%(room)s 的票 %(code)s", room=known.room(elector), code=code) if elector else code
    short: dict[str, Callable[[], str]] = {
        "extend": lambda: gettext("新的截止时间 %(when)s", when=moment(parse_stamp(entry["until"]))),
        "channel-added": lambda: _word(CHANNELS, entry, "channel"),
        "key-change": lambda: str(entry["key"].get("person") or entry["role"]),
        "paper-received": lambda: gettext("共 %(n)s 张", n=len(entry["serials"])),
    }
    return short[kind]() if kind in short else ""


def details(entry: Mapping[str, Any], known: Known) -> Sequence[tuple[str, str]]:
    """The rest, as name and value."""
    kind = entry["type"]
    make = _DETAILS.get(kind)
    found = list(make(entry, known)) if make else []
    if kind not in ("void", "ruling") and entry.get("reason"):
        found.append((gettext("理由"), entry["reason"]))
    return found


def _word(words: Mapping[str, str], entry: Mapping[str, Any], field: str) -> str:
    """What a field's value is called. In one place: the message extractor takes a key inside `gettext(…)` for words."""
    word: str = gettext(words[entry[field]])
    return word


def _sheet(entry: Mapping[str, Any], _known: Known) -> list[tuple[str, str]]:
    found = [(gettext("票号"), entry["serial"])]
    if "replaces" in entry:
        found.append((gettext("作废的旧票号"), entry["replaces"]))
    return found


def _delivery(entry: Mapping[str, Any], _known: Known) -> list[tuple[str, str]]:
    found = [
        (gettext("方式"), _word(METHODS, entry, "method")),
        (gettext("送达时间"), moment(parse_stamp(entry["delivered"]))),
    ]
    if entry["serial"]:
        found.append((gettext("票号"), entry["serial"]))
    return found


def _ballot(entry: Mapping[str, Any], known: Known) -> list[tuple[str, str]]:
    found = [(gettext("方式"), _word(CHANNELS, entry, "channel"))]
    evidence = entry["evidence"]
    if "serial" in evidence:
        found.append((gettext("票号"), evidence["serial"]))
    if "desk" in evidence:
        found.append((gettext("录入台"), evidence["desk"]))
    marks = {known.motions.get(code, code): gettext(OPTION_TITLES[mark]) for code, mark in entry["choices"].items()}
    return [*found, *marks.items()]


def _void(entry: Mapping[str, Any], _known: Known) -> list[tuple[str, str]]:
    return [(gettext("理由"), _word(VOID_REASONS, entry, "reason"))]


def _ruling(entry: Mapping[str, Any], known: Known) -> list[tuple[str, str]]:
    reason = INVALID_REASONS.get(entry["reason"])
    found = [(gettext("认定"), _word(RULINGS, entry, "ruling"))]
    if entry["ruling"] == "invalid":
        all_motions = entry["motion"] == "*"
        motion = gettext("全部事项") if all_motions else known.motions.get(entry["motion"], entry["motion"])
        found.append((gettext("事项"), motion))
    if entry["reason"]:
        found.append((gettext("理由"), gettext(reason) if reason else entry["reason"]))
    return found


def _roll_change(entry: Mapping[str, Any], _known: Known) -> list[tuple[str, str]]:
    before, after = len(entry["before"]), len(entry["after"])
    size, ballots = sum(row["area"] for row in entry["after"]), sum(len(heir["ballots"]) for heir in entry["heirs"])
    area = f"{size // 100}.{size % 100:02d}"
    found = [
        (gettext("更正前"), ngettext("%(num)s 位业主", "%(num)s 位业主", before)),
        (
            gettext("更正后"),
            ngettext("%(num)s 位业主，共 %(area)s m²", "%(num)s 位业主，共 %(area)s m²", after, area=area),
        ),
        (gettext("跟着转的票"), ngettext("%(num)s 张", "%(num)s 张", ballots)),
    ]
    if entry["paper"]:
        found.append((gettext("依据文件的指纹"), entry["paper"]))
    return found


def _key_change(entry: Mapping[str, Any], _known: Known) -> list[tuple[str, str]]:
    role = ROLE_TITLES.get(entry["role"])
    found = [(gettext("身份"), gettext(role) if role else entry["role"]), (gettext("新钥匙"), entry["key"]["id"])]
    if entry["old"]:
        found.append((gettext("停用的钥匙"), entry["old"]))
    return found


def _paper_received(entry: Mapping[str, Any], _known: Known) -> list[tuple[str, str]]:
    return [(gettext("票号"), "、".join(entry["serials"]))] if entry["serials"] else []


_DETAILS = {
    "issue": _sheet,
    "reissue": _sheet,
    "delivery": _delivery,
    "ballot": _ballot,
    "void": _void,
    "ruling": _ruling,
    "roll-change": _roll_change,
    "key-change": _key_change,
    "paper-received": _paper_received,
}
