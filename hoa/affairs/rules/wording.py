"""What is written about a suggestion: not empty where it must not be, never longer than can be read. Pure."""

import unicodedata

from hoa.kernel.errors import N_, Refusal

TITLE_LENGTH = 60
REASON_LENGTH = 500
TEXT_LENGTH = 2000
CONTROLS_KEPT = frozenset("\n\t")


class NoTitle(Refusal):
    message = N_("请写一个对外公开的标题，例如“3 幢 2 单元电梯停运”")


class NoReason(Refusal):
    message = N_("请写明理由，提出人会看到")


class NoText(Refusal):
    message = N_("请写明办理情况，提出人会看到")


class NoPublicText(Refusal):
    message = N_("请写明公示的诉求内容和办理结果")


class TooLong(Refusal):
    message = N_("最多写 %(most)s 个字，现在有 %(length)s 个字，请写短一些")


def tidy(text: str) -> str:
    """One spelling for one text (NFC, line ends), without control characters: what is hashed must read the same."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in plain if c in CONTROLS_KEPT or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def title(text: str) -> str:
    return _written(" ".join(tidy(text).split()), NoTitle, TITLE_LENGTH)


def reason(text: str) -> str:
    return _written(tidy(text), NoReason, REASON_LENGTH)


def answer(text: str) -> str:
    return _written(tidy(text), NoText, TEXT_LENGTH)


def public(text: str) -> str:
    return _written(tidy(text), NoPublicText, TEXT_LENGTH)


def remark(text: str, most: int = REASON_LENGTH) -> str:
    """What may be empty."""
    return _short(tidy(text), most)


def _written(text: str, empty: type[Refusal], most: int) -> str:
    if not text:
        raise empty
    return _short(text, most)


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise TooLong(most=most, length=len(text))
    return text
