"""An election as result page, paper and minutes show it: the sentence first, then everyone who stood, in rank; each
with the inequalities and what was missing. From the published tally's figures, never counted anew (R2.5, R2.6)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from flask_babel import gettext

from hoa.kernel.errors import N_
from hoa.web.i18n import count
from voting.rules.election import RANK_TITLES, Contest, Standing, contest, lot, stands, tied
from voting.rules.thresholds import Measure, Outcome
from voting.views.verdicts import Bar, Verdict, Way, bars, missing, ways

Figures = Mapping[str, Any]
PARTICIPATION = 2  # of the four bars, the first two are the quorum's: alike for all who stood, as a rule
LOT_SHOWN = 16
# What makes a ballot invalid for a candidate: the same reason by a ruling and by agreeing to too many (5.2).
INVALID_FOR_A_CANDIDATE = {"multiple-choice": N_("同意的人数超过上限，或对同一人勾了不止一项")}


class Row(NamedTuple):
    """One who stood. `place` in the ranking, None for those who did not pass; `lacks` in words; `word` with its tag."""

    code: str
    name: str
    place: int | None
    tag: str
    word: str
    lacks: Sequence[str]
    figures: Figures
    ways: Sequence[Way]


class Lot(NamedTuple):
    """Some who were equal, in the order drawn: name, code, and the beginning of the hash that put them there."""

    drawn: Sequence[tuple[str, str, str]]


class Shown(NamedTuple):
    """An election with its verdict. `participation` are the quorum's bars where they are the same for everybody."""

    contest: Contest
    verdict: Verdict
    rule: str
    participation: Sequence[Bar]
    rows: Sequence[Row]
    lots: Sequence[Lot]
    seed: str


def shown(value: Mapping[str, Any], told: Mapping[str, Any], motions: Mapping[str, Figures], names: Any) -> Shown:
    """`value` as noticed, `told` as in the public tally, `motions` and `names` by the candidates' codes."""
    one = contest(value)
    return Shown(
        contest=one,
        verdict=_verdict(one, told, [motions[code] for code in one.motions]),
        rule=gettext(RANK_TITLES[one.rank]),
        participation=_participation([motions[code] for code in one.motions]),
        rows=_rows(one, told, motions, names),
        lots=_lots(told, names),
        seed=told["seed"],
    )


def _verdict(one: Contest, told: Mapping[str, Any], motions: Sequence[Figures]) -> Verdict:
    elected, alternates = len(told["elected"]), len(told["alternates"])
    numbers = {"seats": count(one.seats), "elected": count(elected), "minimum": count(one.minimum)}
    outcome = Standing(told["outcome"])
    if outcome is Standing.REVIEW:
        sentence = gettext("无效票或没有投票的怎么算，会改变谁当选。听取法律意见以前，谁也不能就任。")
        return Verdict("warn", gettext("需要法律意见。"), sentence)
    if not any(motion[way]["quorum"] for motion in motions for way in ("without_invalid", "with_invalid")):
        sentence = gettext("参加表决的人数或面积没有达到三分之二，候选人都没有通过，须重新组织选举。")
        return Verdict("error", gettext("参加的不够。"), sentence)
    if outcome is Standing.SHORTFALL:
        sentence = gettext(
            "应选 %(seats)s 名，只有 %(elected)s 名候选人通过。至少要 %(minimum)s 名，并且超过应选名额的一半，"
            "委员会才能成立。须另行补选。",
            **numbers,
        )
        return Verdict("error", gettext("没有选足。"), sentence)
    word = gettext("选出 %(elected)s 名委员。", **numbers)
    if alternates:
        word = gettext("选出 %(elected)s 名委员，候补 %(alternates)s 名。", alternates=count(alternates), **numbers)
    if outcome is Standing.COMPLETE:
        return Verdict("ok", word, gettext("应选 %(seats)s 名，已经选满。", **numbers))
    sentence = gettext(
        "应选 %(seats)s 名，缺 %(vacant)s 名，另行补选。已有至少 %(minimum)s 名，并且超过应选名额的一半，委员会成立。",
        vacant=count(told["vacant"]),
        **numbers,
    )
    return Verdict("ok", word, sentence)


def _participation(motions: Sequence[Figures]) -> Sequence[Bar]:
    every = [bars(motion["without_invalid"]["inequalities"])[:PARTICIPATION] for motion in motions]
    return every[0] if all(one == every[0] for one in every) else ()


def _rows(one: Contest, told: Mapping[str, Any], motions: Mapping[str, Figures], names: Any) -> list[Row]:
    """Who passed in rank, then the others by how many agreed; of equals, as the ballot had them."""
    ranking = [entry["motion"] for entry in told["ranking"]]
    rest = [code for code in one.motions if code not in ranking]
    rest.sort(key=lambda code: -motions[code]["options"]["agree"]["heads"])
    places = {code: place for place, code in enumerate(ranking, start=1)}
    return [_row(code, places.get(code), told, motions[code], names[code]) for code in [*ranking, *rest]]


def _row(code: str, place: int | None, told: Mapping[str, Any], motion: Figures, name: str) -> Row:
    tests = motion["without_invalid"]["inequalities"]
    lacks = [_lack(test, words) for test in tests if (words := missing(test))]
    tag, word = _word(code, told, motion)
    return Row(code, name, place, tag, word, lacks, motion, ways(motion))


def _lack(test: Mapping[str, Any], words: str) -> str:
    labels = {
        Measure.QUORUM_HEADS: gettext("参加人数"),
        Measure.QUORUM_AREA: gettext("参加面积"),
        Measure.AGREE_HEADS: gettext("同意人数"),
        Measure.AGREE_AREA: gettext("同意面积"),
    }
    return str(gettext("%(what)s%(lack)s", what=labels[Measure(test["test"])], lack=words))


def _word(code: str, told: Mapping[str, Any], motion: Figures) -> tuple[str, str]:
    if motion["outcome"] == Outcome.REVIEW:
        return "warn", gettext("需要法律意见")
    if motion["outcome"] == Outcome.FAILED:
        return "plain", gettext("未当选")
    if not stands(Standing(told["outcome"])):
        return "plain", gettext("票数通过")
    if code in told["elected"]:
        return "ok", gettext("当选")
    return ("ink", gettext("候补")) if code in told["alternates"] else ("plain", gettext("票数通过，未当选"))


def _lots(told: Mapping[str, Any], names: Any) -> list[Lot]:
    """Groups of equals in the ranking, as the lot put them."""
    groups: list[list[str]] = []
    for first, second in pairwise(told["ranking"]):
        if tied(first, second):
            if not groups or groups[-1][-1] != first["motion"]:
                groups.append([first["motion"]])
            groups[-1].append(second["motion"])
    return [Lot([(names[code], code, lot(told["seed"], code).hex()[:LOT_SHOWN]) for code in group]) for group in groups]
