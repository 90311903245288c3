"""A motion's result in one sentence and four bars: from the published tally's figures, never computed anew."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext, ngettext

from hoa.web.i18n import area, count
from voting.rules.thresholds import Measure, Outcome, Threshold

BAR_ORDER = (Measure.QUORUM_AREA, Measure.QUORUM_HEADS, Measure.AGREE_AREA, Measure.AGREE_HEADS)


class Bar(NamedTuple):
    """One test as the page draws it. `missing` in words, None when it is met."""

    label: str
    value: int
    whole: int
    numerator: int
    denominator: int
    shown: str
    met: bool
    missing: str | None


class Verdict(NamedTuple):
    """The word, the sentence, and the kind of notice that frames it."""

    kind: str
    word: str
    sentence: str


class Way(NamedTuple):
    """One way of counting: its title (None where there is only one), whether the motion passed by it, and its sums,
    each with whether it holds and what it lacks."""

    title: str | None
    passed: bool
    lines: Sequence[tuple[str, bool, str | None]]


def ways(told: Mapping[str, Any]) -> list[Way]:
    """A motion's ways of counting: invalid ballots out of the base, and in it where that differs (R1.35)."""
    titles = {"without_invalid": gettext("无效票不算参加表决")}
    if told["with_invalid"] != told["without_invalid"]:
        titles["with_invalid"] = gettext("无效票算参加表决，不算同意")
    several = len(titles) > 1
    return [Way(title if several else None, told[name]["passed"], lines(told[name])) for name, title in titles.items()]


def lines(evaluation: Mapping[str, Any]) -> list[tuple[str, bool, str | None]]:
    """The printed sums of one way of counting."""
    return [(test["line"], test["met"], missing(test)) for test in evaluation["inequalities"]]


def bars(tests: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """The four tests, area before heads as on the notice board."""
    by_name = {test["test"]: test for test in tests}
    return [_bar(measure, by_name[measure.value]) for measure in BAR_ORDER]


def _bar(measure: Measure, test: Mapping[str, Any]) -> Bar:
    labels = {
        Measure.QUORUM_AREA: gettext("参加面积"),
        Measure.QUORUM_HEADS: gettext("参加人数"),
        Measure.AGREE_AREA: gettext("同意面积（占参加）"),
        Measure.AGREE_HEADS: gettext("同意人数（占参加）"),
    }
    return Bar(
        label=labels[measure],
        value=test["left"] or 0,
        whole=test["right"],
        numerator=test["right_factor"],
        denominator=test["left_factor"],
        shown=_shown(measure, test),
        met=test["met"],
        missing=missing(test),
    )


def _shown(measure: Measure, test: Mapping[str, Any]) -> str:
    if test["left"] is None:
        return str(gettext("不足 5 人，面积不公布"))
    if measure.is_area:
        return f"{area(test['left']).removesuffix(' m²')} / {area(test['right'])}"
    return str(gettext("%(part)s / %(whole)s 人", part=count(test["left"]), whole=count(test["right"])))


def short_of(test: Mapping[str, Any]) -> int:
    """How much more would have been enough; 0 when the test is met or the figure is not told."""
    if test["met"] or test["left"] is None:
        return 0
    threshold = Threshold(test["right_factor"], test["left_factor"], strict=test["sign"] == ">")
    return threshold.least(test["right"]) - int(test["left"])


def missing(test: Mapping[str, Any]) -> str | None:
    """What this test lacks, in words; None when it is met or the figure is not told."""
    amount = short_of(test)
    if not amount:
        return None
    if Measure(test["test"]).is_area:
        return str(gettext("还差 %(area)s", area=area(amount)))
    return str(ngettext("还差 %(heads)s 人", "还差 %(heads)s 人", amount, heads=count(amount)))


def verdict(motion: Mapping[str, Any]) -> Verdict:
    """The first thing a reader sees."""
    if motion["outcome"] == Outcome.PASSED:
        return Verdict("ok", gettext("通过。"), gettext("参加表决的和同意的，面积、人数都达到了法定要求。"))
    if motion["outcome"] == Outcome.REVIEW and not any(
        motion[name]["passed"] for name in ("with_invalid", "without_invalid")
    ):
        return Verdict(
            "warn",
            gettext("需要法律意见。"),
            gettext("按投了票的计算没有通过；把已送达而没有投票的算到多数一边才通过，依据有争议，不能直接当作通过。"),
        )
    if motion["outcome"] == Outcome.REVIEW:
        return Verdict(
            "warn",
            gettext("需要法律意见。"),
            gettext("无效票算不算参加表决，结论不同，需要听取法律意见后再定。"),
        )
    return Verdict("error", gettext("未通过。"), _why_not(motion))


def _why_not(motion: Mapping[str, Any]) -> str:
    evaluation = motion["without_invalid"]
    by_name = {test["test"]: test for test in evaluation["inequalities"]}
    if not evaluation["quorum"]:
        short = _short(by_name, Measure.QUORUM_AREA, Measure.QUORUM_HEADS)
        return str(gettext("参加表决的不够：%(short)s 才到三分之二。", short=short))
    short = _short(by_name, Measure.AGREE_AREA, Measure.AGREE_HEADS)
    if motion["class"] == "special":
        return str(gettext("参加的人数和面积都够了，但同意的%(short)s 才到四分之三。", short=short))
    return str(gettext("参加的人数和面积都够了，但同意的%(short)s 才过半数。", short=short))


def _short(by_name: Mapping[str, Mapping[str, Any]], by_area: Measure, by_heads: Measure) -> str:
    parts = []
    if not by_name[by_area.value]["met"]:
        amount = short_of(by_name[by_area.value])
        parts.append(gettext("面积差 %(area)s", area=area(amount)) if amount else gettext("面积不够"))
    if not by_name[by_heads.value]["met"]:
        heads = short_of(by_name[by_heads.value])
        parts.append(ngettext("人数差 %(heads)s 人", "人数差 %(heads)s 人", heads, heads=count(heads)))
    return str(gettext("，").join(parts))
