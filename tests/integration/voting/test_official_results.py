"""Results of official systems (rules.md R1.28, R3.1): figures that fit, two people, our sums beside the file's word."""

import hashlib
import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.bulletin.tables import Publication
from hoa.kernel.errors import Refusal
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_SECRETARY
from hoa.platform import Platform
from hoa.resolutions import evidence
from hoa.resolutions.tables import Resolution
from tests.integration.community.scene import officer, post, signed_in
from tests.integration.people import a_community
from voting.rules import official
from voting.rules.matters import Majority
from voting.rules.official import Figures
from voting.rules.thresholds import Outcome, Share
from voting.tables import OfficialResult

BASE = "/c/WTY/assemblies/official"
FILE = b"%PDF-1.4 official result"


def figures(**more: Any) -> Figures:
    plain: dict[str, Any] = {
        "title": "出租地面车位",
        "text": "出租十二个车位",
        "matter": "M8",
        "majority": Majority.SPECIAL,
        "roll": Share(100, 1_000_000),
        "participated": Share(68, 680_000),
        "agree": Share(51, 510_000),
        "oppose": Share(10, 100_000),
        "abstain": Share(7, 70_000),
        "invalid": Share(0, 0),
        "said": "passed",
    }
    return Figures(**{**plain, **more})


def test_our_sums_agree_with_a_file_at_exactly_three_quarters() -> None:
    official.check(figures())
    judged = official.judge(figures())
    assert judged.outcome is Outcome.PASSED
    assert judged.agrees


def test_one_head_less_than_three_quarters_contradicts_a_file_that_says_passed() -> None:
    judged = official.judge(figures(agree=Share(50, 510_000), abstain=Share(8, 70_000)))
    assert judged.outcome is Outcome.FAILED
    assert not judged.agrees


def test_invalid_ballots_that_decide_leave_it_to_review() -> None:
    judged = official.judge(figures(invalid=Share(1, 10_000)))
    assert judged.outcome is Outcome.REVIEW
    assert judged.agrees, "the file says one of the two"


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"agree": Share(52, 510_000)}, official.DoesNotAddUp),
        ({"agree": Share(51, 510_001)}, official.AreaDoesNotAddUp),
        ({"invalid": Share(33, 0)}, official.MoreThanRoll),
        ({"invalid": Share(0, 320_001)}, official.MoreThanRoll),
        ({"said": ""}, official.SaidUnknown),
        ({"roll": Share(0, 0)}, official.NoRoll),
    ],
)
def test_figures_that_do_not_fit_are_refused_with_the_motion_named(
    wrong: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        official.check(figures(**wrong))
    assert refused.value.params["motion"] == "出租地面车位"


# ------------------------------------------------------------------------------------------------------------ on screen


@pytest.fixture
def community(platform: Platform) -> str:
    return a_community(platform)


def staff(app: Flask, platform: Platform, community: str, name: str) -> FlaskClient:
    post_of = {"常秘书": (COMMITTEE_SECRETARY, "19900000601"), "鲁主任": (COMMITTEE_CHAIR, "19900000602")}
    kind, phone = post_of[name]
    return signed_in(app, platform, officer(platform, community, kind, name=name, phone=phone))


def sent(**more: Any) -> dict[str, Any]:
    pairs = {"roll": (100, "10000"), "participated": (68, "6800"), "agree": (51, "5100"), "oppose": (10, "1000")}
    pairs["abstain"] = (7, "700")
    form: dict[str, Any] = {
        "motions": "1",
        "title": "2026 年业主大会",
        "system": "业主决策平台",
        "decided_on": "2026-10-10",
        "title-1": "出租地面车位",
        "text-1": "出租十二个车位",
        "matter-1": "M8",
        "said-1": "passed",
        "file": (io.BytesIO(FILE), "结果.pdf"),
    }
    for name, (heads, area) in pairs.items():
        form |= {f"{name}-heads-1": str(heads), f"{name}-area-1": area}
    return {**form, **more}


def the_row(platform: Platform) -> OfficialResult:
    with platform.database.reading() as session:
        return session.scalars(select(OfficialResult)).one()


def test_a_second_person_confirms_and_the_result_is_public_with_its_resolution(
    app: Flask, platform: Platform, community: str
) -> None:
    secretary = staff(app, platform, community, "常秘书")
    assert post(secretary, f"{BASE}/new", sent()).status_code == 302
    row = the_row(platform)
    assert row.file == hashlib.sha256(FILE).hexdigest()
    page, visitor = f"{BASE}/{row.id}", app.test_client()
    assert visitor.get(page).status_code == 404, "nobody reads what only one person has seen"
    assert post(secretary, f"{page}/confirm", page=page).status_code == 409
    chair = staff(app, platform, community, "鲁主任")
    assert post(chair, f"{page}/confirm", page=page).status_code == 302
    shown = visitor.get(page).text
    assert "官方系统结果" in shown
    assert "不是在本平台投的票" in shown
    assert "4 × 51 ≥ 3 × 68" in shown
    assert visitor.get(f"{page}/file").data == FILE
    assert row.title in visitor.get(f"{BASE}/").text
    with platform.database.reading() as session:
        resolution = session.scalars(select(Resolution)).one()
        publication = session.scalars(select(Publication).where(Publication.kind == "official-result")).one()
        told = evidence.assemblies(session, community, start=date(2026, 1, 1), end=date(2026, 12, 31))
    assert resolution.evidence == row.file
    assert resolution.url == page
    assert publication.content["recomputed"] == ["passed"]
    assert list(told) == [], "there is nothing of it that could be recounted here"
    assert post(chair, f"{page}/confirm", page=f"{BASE}/new").status_code == 409
    assert visitor.get(f"/c/WTY/resolutions/{resolution.id}").status_code == 200
    assert visitor.get(f"/c/WTY/bulletin/{publication.id}").status_code == 200


def test_a_contradiction_is_shown_and_what_the_file_says_stays_the_decision(
    app: Flask, platform: Platform, community: str
) -> None:
    form = sent(**{"agree-heads-1": "50", "abstain-heads-1": "8"})
    secretary, chair = (staff(app, platform, community, name) for name in ("常秘书", "鲁主任"))
    post(secretary, f"{BASE}/new", form)
    page = f"{BASE}/{the_row(platform).id}"
    assert "与文件的结论不一致" in chair.get(page).text
    post(chair, f"{page}/confirm", page=page)
    with platform.database.reading() as session:
        publication = session.scalars(select(Publication).where(Publication.kind == "official-result")).one()
        assert session.scalars(select(Resolution)).one().title == "出租地面车位"
    assert publication.content["recomputed"] == ["failed"]


def test_wrong_figures_files_and_days_are_refused_and_nothing_is_kept(
    app: Flask, platform: Platform, community: str
) -> None:
    client = staff(app, platform, community, "常秘书")
    for more, told in (
        ({"agree-heads-1": "52"}, "合计 69 人"),
        ({"file": (io.BytesIO(b"MZ"), "结果.exe")}, "不是 10 MB 以内"),
        ({"file": (io.BytesIO(b"MZ"), "结果.pdf")}, "不是 10 MB 以内"),
        ({"decided_on": "昨天"}, "请写明作出决定的日期"),
        ({"decided_on": "2027-01-01"}, "不能晚于今天"),
        ({"title-1": ""}, "至少一个表决事项"),
        ({"roll-heads-1": "很多"}, "看不懂"),
    ):
        answer = post(client, f"{BASE}/new", sent(**more)).text
        assert told in answer
        assert "2026 年业主大会" in answer, "what was typed is still there"
    with platform.database.reading() as session:
        assert session.scalars(select(OfficialResult)).all() == []


def test_what_was_sent_back_may_be_entered_again_and_a_settled_one_is_final(
    app: Flask, platform: Platform, community: str
) -> None:
    secretary, chair = (staff(app, platform, community, name) for name in ("常秘书", "鲁主任"))
    post(secretary, f"{BASE}/new", sent())
    assert "已经登记过" in post(secretary, f"{BASE}/new", sent()).text
    page = f"{BASE}/{the_row(platform).id}"
    assert post(chair, f"{page}/refuse", {"reason": ""}, page=page).status_code == 422
    assert post(chair, f"{page}/refuse", {"reason": "第二页看不清"}, page=page).status_code == 302
    assert app.test_client().get(page).status_code == 404
    assert post(secretary, f"{BASE}/new", sent()).status_code == 302
    with platform.database.reading() as session:
        assert sorted(session.scalars(select(OfficialResult.state))) == ["refused", "waiting"]


def test_owners_and_visitors_neither_enter_nor_confirm(app: Flask, platform: Platform, community: str) -> None:
    client = signed_in(app, platform, officer(platform, None, None, name="业主", phone="19900000603"))
    assert client.get(f"{BASE}/new").status_code == 403
    assert app.test_client().get(f"{BASE}/new").status_code == 302
    assert client.get(f"{BASE}/").status_code == 200
