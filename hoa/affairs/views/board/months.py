"""诉求办理月报: as a page, a workbook and on paper; published once its month has ended."""

import io
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.affairs.powers import PUBLISH
from hoa.affairs.rules import figures as rules
from hoa.affairs.rules.figures import OUTCOME_NAMES, Figures, Outcome, Period
from hoa.affairs.rules.intake import CHANNEL_NAMES, Channel
from hoa.affairs.service import figures
from hoa.affairs.service import months as service
from hoa.affairs.service.figures import Told
from hoa.affairs.views.board.base import blueprint, category_word, sorting_word
from hoa.affairs.views.board.figures import NAMES, Links
from hoa.bulletin.tables import Publication
from hoa.community import lists
from hoa.community.service import get_community
from hoa.jobs import Run
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf


def _asked(month: str) -> Period:
    found = rules.period(month)
    if found.month is None:
        raise service.OnlyMonths
    return found


def _told(month: Period) -> tuple[Told, Publication | None]:
    """The month as it was published; as it stands now while it was not."""
    session, here = context.reading(), context.community()
    row = service.report(session, here.id, month)
    if row is None:
        return figures.told(session, here.id, month, day=today(context.now())), None
    publication = service.publication_of(session, row)
    return service.frozen(publication.content), publication


@blueprint.get("/months/")
@public
def choose_month() -> Response:
    """To the month that was chosen from the list."""
    return redirect(url_for("suggestions.month", month=str(_asked(request.args.get("month", "")))))


@blueprint.get("/months/<month>")
@public
def month(month: str) -> str:
    asked = _asked(month)
    told, publication = _told(asked)
    row = service.report(context.reading(), context.community().id, asked)
    return render_template(
        "affairs/board_month.html",
        told=told,
        publication=publication,
        printed=row is not None and row.pdf is not None,
        link=Links(told) if publication is None else None,
        names=NAMES,
        rules=rules,
        may_publish=publication is None and asked.over(today(context.now())) and context.may(PUBLISH),
        over=asked.over(today(context.now())),
    )


@blueprint.post("/months/<month>/publish")
@requires(PUBLISH)
def publish_month(month: str) -> Response:
    asked = _asked(month)
    with context.writing() as session:
        service.publish(session, context.community().id, asked, by=context.person_id(), now=context.now())
    flash(gettext("月报已公示，内容已固定；PDF 正在生成，几秒钟后可以下载"), "ok")
    return redirect(url_for("suggestions.month", month=str(asked)))


@blueprint.get("/months/<month>.pdf")
@public
def month_pdf(month: str) -> Response:
    """The paper of a published month; it is made once, in the background."""
    asked, here = _asked(month), context.community()
    row = service.report(context.reading(), here.id, asked)
    if row is None or row.pdf is None:
        raise NotFound
    data = context.platform().files.get(row.pdf)
    name = f"{here.code}-suggestions-{asked}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)


@blueprint.get("/months/<month>.xlsx")
@public
def month_xlsx(month: str) -> Response:
    asked, here = _asked(month), context.community()
    told, _ = _told(asked)
    data = lists.as_workbook(_tables(told))
    name = f"{here.code}-suggestions-{asked}.xlsx"
    return send_file(io.BytesIO(data), mimetype=lists.MEDIA["xlsx"], as_attachment=True, download_name=name)


def paper(run: Run) -> dict[str, Any]:
    """The job `suggestions.paper`: the PDF of a published month, from what was published and nothing else."""
    platform, asked = run.platform, rules.period(str(run.payload["month"]))
    with platform.database.reading() as session:
        community = get_community(session, run.community)
        row = service.report(session, run.community, asked)
        if row is None:
            raise NotFound
        publication = service.publication_of(session, row)
    url = f"/c/{community.code}/suggestions/months/{asked}"
    if row.pdf is None:
        made = platform.files.put(month_paper(publication, community.name, platform.settings.base_url))
        with platform.database.writing() as session:
            kept = service.report(session, run.community, asked)
            if kept is not None and kept.pdf is None:
                kept.pdf = made
    return {"url": url}


def month_paper(publication: Publication, community_name: str, base_url: str) -> bytes:
    """The same content always gives the same bytes."""
    html = render_paper(
        "pdf/suggestions_month.html",
        community_name=community_name,
        unnumbered=False,
        title=publication.title,
        told=service.frozen(publication.content),
        link=None,
        names=NAMES,
        rules=rules,
        publication=publication,
        address=f"{base_url}/p/{publication.id}",
    )
    created = publication.published_at.replace(microsecond=0)
    return render_pdf(html, created=created, title=publication.title, author=community_name)


def _tables(told: Told) -> Sequence[lists.Table]:
    """The same figures and rows as sheets; every cell is text."""
    groups = (
        (gettext("按类别"), [(category_word(key), found) for key, found in told.categories]),
        (gettext("按处理方式"), [(sorting_word(key), found) for key, found in told.sortings]),
        (gettext("按承办单位"), [(key or gettext("没有交办"), found) for key, found in told.handlers]),
    )
    headings = (gettext("名称"), *(name for name, _ in _measures(told.whole)))
    return [
        (
            gettext("汇总"),
            (gettext("指标"), str(told.period), f"{told.before_days[0]} – {told.before_days[1]}"),
            [
                (name, value, before)
                for (name, value), (_, before) in zip(_measures(told.whole), _measures(told.before), strict=True)
            ],
        ),
        *(
            (title, headings, [(name, *(value for _, value in _measures(found))) for name, found in rows])
            for title, rows in groups
        ),
        (
            gettext("按渠道"),
            (gettext("名称"), gettext("收到")),
            [(gettext(CHANNEL_NAMES[Channel(channel)]), str(times)) for channel, times in told.channels],
        ),
        (gettext("明细"), _row_headings(), _rows(told)),
    ]


def _measures(found: Figures) -> Sequence[tuple[str, str]]:
    return [
        (gettext("收到"), str(found.received)),
        (gettext("已答复"), str(found.done)),
        (gettext("办结率"), _percent(found.done_permille)),
        (gettext("按期答复"), str(found.in_time)),
        (gettext("逾期"), str(found.late)),
        (gettext("期限内办理中"), str(found.pending)),
        (gettext("合并、撤回、不受理"), str(found.outside)),
        (gettext("按期率"), _percent(found.in_time_permille)),
        (gettext("平均用时（工作日）"), _tenths(found.mean_tenths)),
        (gettext("用时中位数（工作日）"), _tenths(found.median_tenths)),
        (gettext("重办"), str(found.reopened)),
        (gettext("评价件数"), str(found.rated)),
        (gettext("平均评分"), _tenths(found.stars_tenths)),
    ]


def _row_headings() -> Sequence[str]:
    return [
        gettext("编号"),
        gettext("类别"),
        gettext("处理方式"),
        gettext("承办单位"),
        gettext("收到日期"),
        gettext("最迟日期"),
        gettext("答复日期"),
        gettext("结果"),
        gettext("评分"),
        gettext("重办"),
    ]


def _rows(told: Told) -> Sequence[Sequence[str]]:
    def day(value: object) -> str:
        return str(value) if value else ""

    return [
        (
            fact.label,
            category_word(fact.category),
            sorting_word(fact.sorting),
            fact.handler,
            day(fact.received_on),
            day(fact.due_on),
            day(fact.answered_on),
            gettext(OUTCOME_NAMES[Outcome(fact.outcome(told.day))]),
            str(fact.stars or ""),
            gettext("是") if fact.reopened else "",
        )
        for fact in told.facts
    ]


def _percent(permille: int | None) -> str:
    return "" if permille is None else f"{permille // 10}.{permille % 10}%"


def _tenths(value: int | None) -> str:
    return "" if value is None else f"{value // 10}.{value % 10}"
