"""A receipt as a picture: for its owner alone, without the choice, and its code leads to an answer."""

import io

import pytest
from flask import Flask
from PIL import Image

from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.web import picture
from tests.integration.community.scene import signed_in
from tests.integration.voting.world import World, a_world
from voting.rules.life import State

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=4)
    made.to(State.OPEN)
    return made


def test_the_owner_gets_a_picture_that_a_phone_can_keep(world: World, app: Flask) -> None:
    leaf = canonical.decode(world.cast(0, m1="agree", m2="oppose"))["leaf"]
    browser = signed_in(app, world.platform, world.people[0])
    page = browser.get(f"{BASE}/receipt/{world.electors[0]}/picture")
    assert f"{world.electors[0]}.png?leaf={leaf}" in page.get_data(as_text=True)
    answer = browser.get(f"{BASE}/receipt/{world.electors[0]}.png?leaf={leaf}")
    assert answer.mimetype == "image/png"
    assert len(answer.data) < 200_000
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.width == 1080
        assert image.height > 1200


def test_nobody_elses_receipt_is_pictured(world: World, app: Flask) -> None:
    world.cast(0, m1="agree", m2="oppose")
    stranger = signed_in(app, world.platform, world.people[1])
    for path in (f"{BASE}/receipt/{world.electors[0]}.png", f"{BASE}/receipt/{world.electors[0]}/picture"):
        assert stranger.get(path).status_code == 404
        assert app.test_client().get(path).status_code == 302
    assert stranger.get(f"{BASE}/receipt/{world.electors[1]}.png").status_code == 404, "there is no ballot yet"


def test_the_pictures_say_nothing_of_the_choice(world: World, app: Flask) -> None:
    """Two choices, one picture: what differs is the leaf alone, which a picture of another leaf shows as well."""
    said: list[str] = []
    card = picture.card
    try:
        for place, choice in ((0, "agree"), (1, "oppose")):
            world.cast(place, m1=choice, m2=choice)
            browser = signed_in(app, world.platform, world.people[place])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(
                    "voting.views.keepsakes.card",
                    lambda lines, qr: said.append(" ".join(line.text for line in lines)) or card(lines, qr=qr),
                )
                browser.get(f"{BASE}/receipt/{world.electors[place]}.png")
    finally:
        assert len(said) == 2
    for text in said:
        assert not any(word in text for word in ("同意", "反对", "弃权"))


def test_the_code_on_the_picture_leads_to_an_answer(world: World, app: Flask) -> None:
    leaf = canonical.decode(world.cast(0, m1="agree", m2="oppose"))["leaf"]

    def said(asked: str) -> str:
        return app.test_client().get(f"{BASE}/check?leaf={asked}").get_data(as_text=True)

    assert "收到了" in said(leaf)
    assert "日志里没有" in said("0" * 64)
    world.to(State.ANNOUNCED)
    assert "已计入" in said(leaf)
    assert "日志里没有</" not in said("x")


def test_long_lines_go_on_in_the_next_row() -> None:
    short, long = (picture.card([picture.Line(text)], qr="x") for text in ("梧桐苑", "梧桐苑" * 30))
    with Image.open(io.BytesIO(short)) as one, Image.open(io.BytesIO(long)) as other:
        assert other.height > one.height


def test_without_a_chinese_font_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    picture._font_file.cache_clear()
    picture._font.cache_clear()
    monkeypatch.setattr(picture.shutil, "which", lambda _: None)
    with pytest.raises(picture.NoFont):
        picture.card([picture.Line("梧桐苑")], qr="x")
