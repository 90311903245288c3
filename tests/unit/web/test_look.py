"""The look: contrast measured, one family of colours, readable by old web views; macros draw what they say."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager
from wtforms import Form, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired

from hoa.web import i18n

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "hoa" / "static"
TEMPLATES = ROOT / "templates"
SHEET = (STATIC / "app.css").read_text(encoding="utf-8")
TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", SHEET))
WORDS, SHAPES = 4.5, 3.0  # WCAG 2.2: 1.4.3 for text, 1.4.11 for what must be seen to use a page


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["paper", "white", "tint"])
@pytest.mark.parametrize("words", ["ink", "soft", "green", "amber", "red"])
def test_every_colour_of_words_can_be_read_on_every_ground(words: str, ground: str) -> None:
    assert contrast(TOKENS[words], TOKENS[ground]) >= WORDS


@pytest.mark.parametrize("fill", ["green", "green-deep"])
def test_the_words_of_the_filled_button_can_be_read(fill: str) -> None:
    assert contrast("#ffffff", TOKENS[fill]) >= WORDS


@pytest.mark.parametrize("shape", ["ink", "green", "red", "amber"])
def test_borders_and_rings_that_people_must_see_stand_out(shape: str) -> None:
    assert contrast(TOKENS[shape], TOKENS["paper"]) >= SHAPES


def test_old_web_views_can_read_the_stylesheet() -> None:
    without_comments = re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL)
    for unknown in (
        ":has(",
        ":is(",
        ":where(",
        "oklch",
        "color-mix",
        "clamp(",
        "inset:",
        "@layer",
        "@container",
        "@import",
    ):
        assert unknown not in without_comments
    assert not re.search(r"(^|[\s{])&", without_comments), "nesting"
    for rule in re.findall(r"{[^{}]*}", without_comments):
        assert not ("flex;" in rule and re.search(r"(?<![\w-])(row-|column-)?gap:", rule)), f"flex gap: {rule}"


def test_nothing_is_decoration() -> None:
    for ornament in ("gradient(", "box-shadow", "text-shadow", "animation", "border-radius: 1"):
        assert ornament not in SHEET


def test_page_paper_and_pictures_share_one_set_of_colours() -> None:
    known = set(TOKENS.values()) | {"#fff"}
    for path in (STATIC / "print.css", TEMPLATES / "_macros" / "charts.html"):
        used = set(re.findall(r"#[0-9a-f]{3,6}\b", path.read_text(encoding="utf-8")))
        assert used <= known, path.name


FORBIDDEN = {
    "an inline style": r"<[a-z][^>]*\sstyle=",
    "a style block": r"<style",
    "an inline handler": r"<[a-z][^>]*\son[a-z]+=",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "a script address": r"javascript:",
}


def test_no_template_needs_what_our_content_policy_forbids() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {what}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, path.read_text(encoding="utf-8"))
    ]
    assert found == []


# ---------------------------------------------------------------------------------------------------- macros
@pytest.fixture
def app() -> Flask:
    app = Flask("look", template_folder=str(TEMPLATES))
    app.secret_key = "nothing is signed with it"
    LoginManager(app).user_loader(lambda _token: None)
    i18n.install(app, "zh-CN")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    return app


@pytest.fixture
def macro(app: Flask) -> Iterator[Any]:
    """`macro("charts", "share")(66666, 100000)`"""
    with app.test_request_context("/list?q=张&page=2"):
        yield lambda file, name: getattr(app.jinja_env.get_template(f"_macros/{file}.html").module, name)


@pytest.mark.parametrize(
    ("value", "whole", "shown"),
    [
        (0, 487, "0"),
        (1, 3, "33.33"),
        (6666_66, 10000_00, "66.66"),
        (2, 3, "66.66"),
        (4999_99, 10000_00, "49.99"),
        (487, 487, "100"),
        (500, 487, "100"),
        (5, 0, "0"),
    ],
)
def test_a_share_is_cut_off_so_that_nothing_short_of_its_threshold_looks_like_it(
    macro: Any, value: int, whole: int, shown: str
) -> None:
    assert str(macro("charts", "share")(value, whole)) == shown


def test_a_threshold_bar_is_as_long_as_its_share_and_ticks_at_the_threshold(macro: Any) -> None:
    bar = macro("charts", "threshold_bar")("参加面积", 3341807, 4611200, 2, 3, "33,418.07 / 46,112.00 m²", met=True)
    assert 'width="72.47%"' in bar
    assert 'x1="66.66%"' in bar
    assert "⅔" in bar
    assert "33,418.07 / 46,112.00 m²" in bar
    assert "#b9b29e" not in bar


def test_a_threshold_that_was_missed_is_hatched_and_says_what_is_missing(macro: Any) -> None:
    bar = macro("charts", "threshold_bar")(
        "同意面积", 2475110, 3341807, 3, 4, "24,751.10 m²", met=False, more="还差 312.46 m²"
    )
    assert "#2b6a4d" not in bar
    assert bar.count('stroke="#faf7f0"') == len(range(100, 2475110 * 10000 // 3341807, 160))
    assert bar.count("还差 312.46 m²") == 2  # in words and in the picture's description


@pytest.mark.parametrize(("most", "step"), [(1, 1), (4, 1), (5, 2), (34609426, 10000000), (40000000, 10000000), (0, 1)])
def test_at_most_four_grid_lines_lie_above_the_ground_line(macro: Any, most: int, step: int) -> None:
    assert int(macro("charts", "grid_step")(most)) == step


def test_the_balance_line_joins_its_points_at_their_heights(macro: Any) -> None:
    chart = macro("charts", "balance_line")("余额", [("1月", 0), ("2月", 4000_00), ("3月", 2000_00)])
    lines = re.findall(r'<line x1="([\d.]+)%" y1="([\d.]+)%" x2="([\d.]+)%" y2="([\d.]+)%"', chart)
    assert lines == [("16.66", "88.00", "49.99", "8.00"), ("49.99", "8.00", "83.32", "48.00")]
    assert re.findall(r"<span>([\d,]+)</span>", chart) == ["4,000", "3,000", "2,000", "1,000", "0"]
    assert "3月 ¥2,000.00" in chart


def test_income_stands_above_the_line_and_spending_hangs_below(macro: Any) -> None:
    chart = macro("charts", "months")("收支", [("1月", 3000_00, 1000_00)])
    rects = re.findall(r'<rect x="[\d.]+%" width="[\d.]+%" y="([\d.]+)%" height="([\d.]+)%"', chart)
    (income_top, income_height), (spending_top, spending_height) = [(float(y), float(h)) for y, h in rects]
    assert (income_top, income_height) == (8.0, 60.0)
    assert (spending_top, spending_height) == (68.0, 20.0)
    assert "1月 收 ¥3,000.00 支 ¥1,000.00" in chart


def test_months_without_any_money_still_draw(macro: Any) -> None:
    assert "<svg" in macro("charts", "months")("收支", [("1月", 0, 0), ("2月", 0, 0)])
    assert "<svg" in macro("charts", "balance_line")("余额", [("1月", 0)])
    assert "<figcaption>" in macro("charts", "source_bars")("来源", [])


def test_the_longest_source_fills_the_width(macro: Any) -> None:
    chart = macro("charts", "source_bars")("来源", [("停车", 900, "9.00"), ("利息", 300, "3.00")])
    assert re.findall(r'<rect x="0" y="0" width="([\d.]+)%"', chart) == ["100", "33.33"]


class Told(Form):
    name = StringField("姓名", validators=[DataRequired(message="请填写这一项")])
    way = RadioField("方式", choices=[SelectChoice("sms", "短信"), SelectChoice("letter", "信")])


def test_a_field_that_is_wrong_says_so_to_eyes_and_to_ears(macro: Any) -> None:
    form = Told(data={"name": ""})
    assert not form.validate()
    field = macro("forms", "field")(form.name, help="和产权证上一致", autocomplete="name")
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="name-help name-error"' in field
    assert 'id="name-error">请填写这一项' in field
    assert 'autocomplete="name"' in field
    assert '<a href="#name">姓名</a>：请填写这一项' in macro("forms", "errors")(form)


def test_a_field_that_is_right_claims_no_error(macro: Any) -> None:
    form = Told(data={"name": "张三", "way": "sms"})
    assert form.validate()
    assert "aria-" not in macro("forms", "field")(form.name)
    assert macro("forms", "errors")(form) == ""


def test_no_choice_is_made_for_the_voter(macro: Any) -> None:
    options = [("agree", "同意", None), ("against", "反对", None), ("abstain", "弃权", None)]
    assert "checked" not in macro("forms", "boxes")("choice", "您的选择", options)
    chosen = macro("forms", "boxes")("choice", "您的选择", options, chosen="against")
    assert chosen.count("checked") == 1
    assert re.search(r'value="against"\s+checked', chosen)
    assert "checked" not in macro("forms", "choices")(Told().way)


def test_what_people_typed_is_never_mark_up(macro: Any) -> None:
    facts = macro("parts", "facts")([("<b>", '"><script>')])
    assert "<script>" not in facts
    assert "<b>" not in facts


def test_the_pager_keeps_what_was_searched(app: Flask) -> None:
    with app.test_request_context("/list?q=%E5%BC%A0&page=2"):
        source = '{% import "_macros/tables.html" as tables %}{{ tables.pager(2, 3, 57) }}'
        pager = app.jinja_env.from_string(source).render()
    assert 'href="?q=%E5%BC%A0&amp;page=1" rel="prev"' in pager
    assert 'href="?q=%E5%BC%A0&amp;page=3" rel="next"' in pager
    assert "57 条" in pager


@pytest.mark.parametrize(
    ("passed", "kind", "words"),
    [
        (3, "ok", "还剩 7 个工作日"),
        (8, "warn", "还剩 2 个工作日"),
        (10, "warn", "今天是最后一天"),
        (12, "error", "已超期 2 个工作日"),
    ],
)
def test_a_clock_always_speaks_beside_its_colour(macro: Any, passed: int, kind: str, words: str) -> None:
    clock = macro("parts", "clock")(10, passed, date(2026, 10, 16))
    assert f'<span class="tag tag--{kind}">{words}</span>' in clock
    assert "2026年10月16日" in clock


def test_more_than_five_rooms_fold_on_a_phone(macro: Any) -> None:
    def doors(count: int) -> list[tuple[str, str, bool]]:
        return [(f"栏目{n}", f"/{n}", n == 1) for n in range(count)]

    assert "<details" not in macro("parts", "rooms")(doors(5))
    folded = macro("parts", "rooms")(doors(6))
    assert "<details" in folded
    assert "全部栏目：栏目1" in re.sub(r"\s+", "", folded)
    assert macro("parts", "rooms")([]) == ""


def test_progress_reloads_itself_only_while_there_is_something_to_wait_for(app: Flask) -> None:
    app.add_url_rule("/jobs/<job_id>.json", "jobs.status")
    app.jinja_env.globals["static"] = lambda name: f"/static/{name}"
    frame = {"links": {}, "lang_code": "zh-CN", "senior": 0, "nav": [], "community": None, "me": None, "demo": None}
    pages = {}
    with app.test_request_context("/"):
        for state in ("waiting", "running", "done", "failed"):
            job = SimpleNamespace(id="1", state=state, done=2, total=5, result={"url": "/there"})
            page = app.jinja_env.get_template("jobs/progress.html").render(
                **frame, job=job, error="第 3 行面积不是数字"
            )
            pages[state] = page
    assert [state for state, page in pages.items() if 'http-equiv="refresh"' in page] == ["waiting", "running"]
    assert "2 / 5" in pages["running"]
    assert 'href="/there"' in pages["done"]
    assert "第 3 行面积不是数字" in pages["failed"]
