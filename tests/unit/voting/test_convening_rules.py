"""The pure rules of convening: packs, calendar, local rules, conveners, mixed motions, requests."""

from datetime import datetime, timedelta

import pytest

from hoa.kernel import packs
from hoa.kernel.clock import CHINA
from hoa.kernel.posts import (
    COMMITTEE_CHAIR,
    COMMITTEE_TREASURER,
    PREPARATORY_LEADER,
    RESIDENTS_STAFF,
    STREET_OFFICER,
)
from voting.rules import conveners, local, schedule
from voting.rules.matters import MATTERS
from voting.rules.motion_templates import is_unfilled, templates
from voting.rules.requests import Support
from voting.rules.schedule import Form
from voting.rules.warnings import keyword_warnings, mixed

NOW = datetime(2026, 10, 1, 10, tzinfo=CHINA)
PACKS = {pack.code: pack for pack in packs.all_packs()}
NATIONAL, HANGZHOU, BEIJING = PACKS["cn-national"], PACKS["cn-hangzhou"], PACKS["cn-beijing"]


@pytest.mark.parametrize(
    ("pack", "form", "days"),
    [
        (NATIONAL, Form.REGULAR, 15),
        (NATIONAL, Form.EXTRAORDINARY, 15),
        (HANGZHOU, Form.REGULAR, 15),
        (HANGZHOU, Form.EXTRAORDINARY, 7),
        (HANGZHOU, Form.FIRST, 15),
    ],
)
def test_the_notice_comes_as_many_days_before_as_the_pack_says(pack: packs.RulePack, form: Form, days: int):
    assert schedule.notice_days(pack, form) == days
    schedule.check_notice(NOW + timedelta(days=days), now=NOW, days=days)
    with pytest.raises(schedule.NoticeTooShort) as refused:
        schedule.check_notice(NOW + timedelta(days=days - 1), now=NOW, days=days)
    assert refused.value.params["day"] == (NOW + timedelta(days=days)).date().isoformat()


def test_a_rulebook_makes_the_notice_longer_and_never_shorter():
    assert schedule.notice_days(NATIONAL, Form.REGULAR, longer=20) == 20
    assert schedule.notice_days(NATIONAL, Form.REGULAR, longer=3) == 15


def test_voting_in_hangzhou_lasts_five_to_sixty_days():
    schedule.check_window(HANGZHOU, NOW, NOW + timedelta(days=5))
    schedule.check_window(HANGZHOU, NOW, NOW + timedelta(days=60))
    with pytest.raises(schedule.WindowTooShort):
        schedule.check_window(HANGZHOU, NOW, NOW + timedelta(days=5, minutes=-1))
    with pytest.raises(schedule.WindowTooLong):
        schedule.check_window(HANGZHOU, NOW, NOW + timedelta(days=60, minutes=1))


def test_the_calendar_names_the_last_day_for_notice_and_for_announcing():
    opens, closes = NOW + timedelta(days=20), NOW + timedelta(days=30)
    found = schedule.calendar(BEIJING, Form.REGULAR, opens=opens, closes=closes, now=NOW)
    assert (found.earliest, found.last_notice) == ((NOW + timedelta(days=15)).date(), (NOW + timedelta(days=5)).date())
    assert found.announce_by == (NOW + timedelta(days=33)).date()
    assert found.in_time
    late = schedule.calendar(BEIJING, Form.REGULAR, opens=opens, closes=closes, now=NOW + timedelta(days=6))
    assert not late.in_time


def test_beijing_does_not_vote_online_here_and_says_what_to_do():
    with pytest.raises(local.ChannelNotAllowed) as refused:
        local.check_channels(BEIJING, ["online", "paper"])
    assert "官方系统" in str(refused.value)
    local.check_channels(BEIJING, ["paper", "meeting", "proxy"])
    with pytest.raises(local.NoChannel):
        local.check_channels(NATIONAL, ["proxy"])
    with pytest.raises(local.ChannelUnknown):
        local.check_channels(NATIONAL, ["online", "pigeon"])


def test_each_departure_from_the_pack_wants_its_own_clause():
    plain = local.Held("first", "none", 3, extension=False, notice_days=None)
    assert list(local.departures(NATIONAL, plain)) == []
    held = local.Held("last", "follow-majority", 2, extension=True, notice_days=20)
    assert list(local.departures(NATIONAL, held)) == list(local.NEEDS)
    for parameter, refusal in local.NEEDS.items():
        others = [{"parameter": name, "clause": "第一条"} for name in local.NEEDS if name != parameter]
        with pytest.raises(refusal):
            local.check_cited(local.NEEDS, others)
        with pytest.raises(refusal):
            local.check_cited([parameter], [{"parameter": parameter, "clause": ""}])


@pytest.mark.parametrize(
    ("matters", "refused"), [(["M8"], True), (["M3", "M6", "M7", "M8"], True), (["M8", "M9"], False)]
)
def test_the_silent_rule_is_refused_where_no_motion_could_use_it(matters: list[str], refused: bool):
    if refused:
        with pytest.raises(local.SilentAppliesToNothing):
            local.check_silent("follow-majority", matters)
    else:
        local.check_silent("follow-majority", matters)
    local.check_silent("none", matters)
    with pytest.raises(local.UnknownSilentRule):
        local.check_silent("ask-me", matters)


@pytest.mark.parametrize(
    ("post", "allowed"),
    [
        (COMMITTEE_CHAIR, (conveners.COMMITTEE,)),
        (PREPARATORY_LEADER, (conveners.PREPARATORY, conveners.RE_ELECTION)),
        (RESIDENTS_STAFF, (conveners.RESIDENTS,)),
        (STREET_OFFICER, (conveners.RE_ELECTION, conveners.STREET)),
        (COMMITTEE_TREASURER, ()),
    ],
)
def test_as_what_somebody_convenes_follows_from_the_post(post, allowed):
    assert conveners.conveners([post]) == allowed
    with pytest.raises(conveners.MayNotConvene):
        conveners.check("玉皇大帝", [post])


def test_a_committee_does_not_convene_the_first_assembly():
    with pytest.raises(conveners.FirstIsPrepared):
        conveners.check_first(conveners.COMMITTEE, Form.FIRST)
    conveners.check_first(conveners.PREPARATORY, Form.FIRST)


@pytest.mark.parametrize("word", ["经营", "出租", "广告", "车位", "充电桩", "改变用途", "续筹", "筹集", "改建", "加装"])
def test_every_word_of_the_list_warns(word: str):
    expected = "M6" if "筹" in word else "M7" if word in ("改建", "加装") else "M8"
    assert [warning.suggested.code for warning in keyword_warnings(MATTERS["M9"], f"是否{word}？")] == [expected]
    assert keyword_warnings(MATTERS[expected], f"是否{word}？") == ()


def test_starting_an_operation_and_sharing_out_its_revenue_are_two_motions():
    body = "在北门新增充电桩，由运营商出资。收入每年分红给全体业主。"
    found = mixed(MATTERS["M8"], "是否新增充电桩", body)
    assert found is not None
    assert found.second.code == "M9"
    assert found.first_body == "在北门新增充电桩，由运营商出资。"
    assert found.second_body == "收入每年分红给全体业主。"
    other = mixed(MATTERS["M9"], "是否新增充电桩", body)
    assert other is not None
    assert other.second.code == "M8"
    assert mixed(MATTERS["M8"], "是否新增充电桩", "在北门新增充电桩。") is None
    assert mixed(MATTERS["M9"], "是否分红", "公共收益分红 60,000 元。") is None


def test_there_is_a_template_for_each_matter_and_its_blanks_are_noticed():
    assert set(templates()) == set(MATTERS)
    assert not is_unfilled("是否更换电梯钢丝绳？")
    assert is_unfilled(templates()["M5"].title)
    for code, template in templates().items():
        assert all(warning.suggested.code == code for warning in keyword_warnings(MATTERS[code], template.title))


@pytest.mark.parametrize(
    ("signed", "everybody", "due"),
    [(20, 100, True), (19, 100, False), (97, 487, False), (98, 487, True), (0, 0, False)],
)
def test_twenty_of_a_hundred_heads_create_the_duty_and_nineteen_do_not(signed: int, everybody: int, due: bool):
    support = Support(signed, everybody, 0, 1000000)
    assert support.reaches(20) is due
    assert (support.missing(20) == 0) is (due or everybody == 0)


def test_area_alone_creates_no_duty():
    assert not Support(19, 100, 900000, 1000000).reaches(20)
    assert Support(19, 100, 900000, 1000000).missing(20) == 1


@pytest.mark.parametrize("pack", PACKS.values())
@pytest.mark.parametrize("bounds", [{}, {"window_min_days": 30}, {"window_max_days": 7}])
def test_the_usual_time_for_voting_is_one_that_the_pack_allows(pack: packs.RulePack, bounds: dict[str, int]):
    changed = {name: pack.parameters[name]._replace(value=value) for name, value in bounds.items()}
    pack = pack._replace(parameters={**pack.parameters, **changed})
    opens, closes = schedule.usual_window(pack, NOW.date())
    assert (opens.hour, closes.hour) == (9, 18)
    schedule.check_window(pack, opens, closes)
