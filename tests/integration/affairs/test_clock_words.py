"""What the clock says in words, next to its bar; red never stands alone."""

from datetime import date

import pytest
from flask import Flask, render_template_string

from hoa.affairs.rules.clocks import PLAN, RESOLVE, Milestone, told_on
from hoa.affairs.service.reading import Standing
from hoa.kernel.workdays import Due, china

CLOCK = '{% import "affairs/_clock.html" as clock with context %}'
TEN = {"start": date(2025, 9, 26), "due": date(2025, 10, 16), "whole": 10}


@pytest.mark.sqlite_only
def test_the_clock_says_how_it_stands(app: Flask):
    expected = {
        Standing(**TEN, used=3, left=7, running=True): "10个工作日 · 已过3天 · 最迟 10月16日",
        Standing(**TEN, used=9, left=1, running=True, provisional=True): "最迟 10月16日（暂定，放假安排还没有公布）",
        Standing(**TEN, used=12, overdue=2, running=True): "已逾期 2 个工作日</strong> · 原定 10月16日 办结",
        Standing(**TEN, used=2, overdue=1, running=True, triage=True): "原定 10月16日 梳理",
        Standing(**TEN, used=12, overdue=2): "逾期 2 个工作日才办结（最迟 10月16日）",
        Standing(**TEN, used=4, left=6, paused=True): "计时中止：10个工作日 · 已过4天 · 还剩6天",
        Standing(**TEN, used=4, left=6): "10个工作日 · 用了4天",
        Standing(start=date(2026, 12, 25), due=date(2027, 1, 8), whole=10, running=True): "最迟 2027年1月8日",
    }
    with app.test_request_context("/"):
        for standing, words in expected.items():
            page = render_template_string(CLOCK + "{{ clock.clock(standing) }}", standing=standing)
            assert words in page
            assert ("#a1262a" in page) == (standing.overdue > 0)
        assert not render_template_string(CLOCK + "{{ clock.clock(standing) }}", standing=Standing()).strip()


@pytest.mark.sqlite_only
def test_milestones_say_what_came_and_what_is_missing(app: Flask):
    plan, result = Due(date(2025, 9, 28), False), Due(date(2027, 1, 8), True)
    with app.test_request_context("/"):
        for done_on, words in (
            (None, '最迟 2025年9月28日 · <strong class="clock__late">逾期，还没有反馈'),
            (date(2025, 9, 28), "9月28日 已反馈</span></li>"),
            (date(2025, 9, 29), '9月29日 已反馈</span> · <strong class="clock__late">逾期</strong>'),
        ):
            rows = told_on(
                [Milestone(PLAN, plan, done_on), Milestone(RESOLVE, result)], date(2025, 10, 9), None, china()
            )
            page = render_template_string(CLOCK + "{{ clock.milestones(rows) }}", rows=rows)
            assert words in page
            assert "办结：最迟 2027年1月8日（暂定）" in page
        still = told_on(rows[1:], date(2027, 2, 1), date(2027, 1, 5), china())
        page = render_template_string(CLOCK + "{{ clock.milestones(rows) }}", rows=[*still, *still])
        assert ("计时中止" in page, "逾期" in page) == (True, False)
        ten = render_template_string(CLOCK + "{{ clock.milestones(rows) }}", rows=rows[1:])
        assert not ten.strip()
