"""Pages of the audit: pick a period, see what the checks find, have the report made, read it, check one in hand."""

import io
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, TextAreaField
from wtforms.validators import InputRequired

from finance.audit import making, present, printing, publishing, service, signatures
from finance.audit.rules.report import (
    KIND_NAMES,
    OPINION_LENGTH,
    OPINION_MEANINGS,
    OPINION_NAMES,
    REPLY_LENGTH,
    Choice,
    Kind,
    Opinion,
    other_language,
)
from finance.audit.tables import AuditReport
from finance.rules.periods import Quarter
from finance.service.books import find_book
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, at_most, required
from hoa.web.heavy import place
from hoa.web.i18n import language, told
from hoa.web.security import limiter

PAGE = 100
# What a radio button sends for the empty opinion, so that choosing it differs from choosing nothing.
NO_OPINION = "none"

blueprint = Blueprint("audit", __name__, url_prefix="/c/<community_code>/audit")
checking = Blueprint("verify", __name__, url_prefix="/verify")


class PeriodForm(Form):
    start = DateField(
        lazy_gettext("起始日"), validators=[InputRequired(message=lazy_gettext("请选择日期，如 2026-01-01"))]
    )
    end = DateField(
        lazy_gettext("截止日"), validators=[InputRequired(message=lazy_gettext("请选择日期，如 2026-09-30"))]
    )

    def days(self) -> tuple[date, date]:
        """Both days, once the form is valid."""
        start, end = self.start.data, self.end.data
        assert start is not None
        assert end is not None
        return start, end

    class Meta(Form.Meta):
        csrf = False  # it only looks; the button that makes a report carries its own token


# A report's language and, for both, the one that is countersigned first.
EDITIONS = {
    "zh-CN": lazy_gettext("中文"),
    "en": lazy_gettext("英文"),
    "zh-CN+en": lazy_gettext("中文，另做一份英文"),
    "en+zh-CN": lazy_gettext("英文，另做一份中文"),
}


class ChoiceForm(PeriodForm):
    """What the reporter chooses, with the days they looked at."""

    kind = RadioField(lazy_gettext("哪种报告"), default=Kind.AUDIT.value, validate_choice=True)
    opinion = RadioField(
        lazy_gettext("您的意见"), validators=[InputRequired(message=lazy_gettext("请选择一种意见，或者选“未发表意见”"))]
    )
    opinion_text = TextAreaField(
        lazy_gettext("意见的说明"), validators=[at_most(OPINION_LENGTH)], render_kw={"rows": 5}
    )
    edition = RadioField(lazy_gettext("语言"), default="zh-CN")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.kind.choices = [(value, gettext(name)) for value, name in KIND_NAMES.items()]
        self.opinion.choices = [
            (value or NO_OPINION, f"{gettext(name)}{gettext('：')}{gettext(OPINION_MEANINGS[value])}")
            for value, name in OPINION_NAMES.items()
        ]
        self.edition.choices = list(EDITIONS.items())

    def choice(self) -> Choice:
        """Once the form is valid."""
        first, _, other = str(self.edition.data).partition("+")
        opinion = "" if self.opinion.data == NO_OPINION else self.opinion.data
        return Choice(
            kind=Kind(self.kind.data),
            opinion=Opinion(opinion),
            text=self.opinion_text.data or "",
            language=first,
            both=bool(other),
        )


class FileForm(Form):
    file = FileField(lazy_gettext("要核验的文件"), validators=[FileRequired(message=lazy_gettext("请先选择文件"))])


@blueprint.get("/")
@requires("audit.read")
def index() -> str:
    """The reports so far, and the periods one would look at."""
    session, here = context.reading(), context.community()
    book = find_book(session, here.id)
    return render_template(
        "audit/index.html",
        book=book,
        form=PeriodForm(formdata=None, **_usual(book.opened_on)) if book else None,
        periods=_periods(book.opened_on) if book else [],
        reports=service.reports(session, here.id),
        counts=service.counts(session, here.id),
        signers=signatures.signers(session, here.id),
        **present.words(),
    )


@blueprint.get("/check")
@requires("audit.check")
def check() -> str:
    """The checks of a period with their findings, as of now."""
    form = PeriodForm(request.args)
    if form.validate():
        try:
            return _checked(*form.days())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    book = find_book(context.reading(), context.community().id)
    periods = _periods(book.opened_on) if book else []
    return render_template("audit/period.html", form=form, choice=None, periods=periods)


def _checked(start: date, end: date) -> str:
    here = context.community()
    found = service.preview(context.reading(), here.id, start=start, end=end, now=context.now())
    return render_template(
        "audit/check.html",
        r=present.completed(found),
        severities=present.counted(found),
        choice=ChoiceForm(formdata=None, start=start, end=end),
        link=lambda item: present.address("", here.code, item),
        **present.words(),
    )


@blueprint.post("/reports")
@requires("audit.report")
def ask() -> str | Response:
    """Put the making of a report into the queue and show its progress."""
    form = ChoiceForm(request.form)
    if form.validate():
        start, end = form.days()
        try:
            with context.writing() as session:
                _, job = service.ask(
                    session,
                    context.community().id,
                    start=start,
                    end=end,
                    by=context.person_id(),
                    now=context.now(),
                    choice=form.choice(),
                )
            return redirect(url_for("jobs.show", job_id=job.id))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    choice = None if form.start.errors or form.end.errors else form
    return render_template("audit/period.html", form=form, choice=choice, periods=[])


class ReplyForm(Form):
    text = TextAreaField(
        lazy_gettext("业主委员会的反馈"), validators=[required(), at_most(REPLY_LENGTH)], render_kw={"rows": 6}
    )


@blueprint.get("/reports/<report_id>")
@requires("audit.read")
def report(report_id: str) -> str:
    """The report as a page: the same figures as the PDF, from the same data."""
    return _report_page(report_id, ReplyForm() if context.may("audit.reply") else None)


def _report_page(report_id: str, form: ReplyForm | None) -> str:
    return as_page(_ready(report_id), page="audit.report", pdf="audit.report_pdf", form=form)


def as_page(found: AuditReport, *, page: str, pdf: str, form: ReplyForm | None = None) -> str:
    """A report for whoever may read it: `page` and `pdf` are the endpoints under which they do."""
    content = _content(found)
    session, here, details = context.reading(), context.community(), present.details(content)
    where = present.address if context.may("audit.read") else present.open_address
    detail = details.get(request.args.get("detail", "income"), details["income"])
    parts = detail.parts(PAGE)
    number = min(max(request.args.get("page", 1, type=int), 1), len(parts))
    return render_template(
        "audit/report.html",
        report=found,
        ends={"page": page, "pdf": pdf},
        publication=publishing.publication(session, found),
        r=present.completed(content),
        severities=present.counted(content),
        month_points=present.chart_months(content),
        balance_points=present.chart_balance(content),
        link=lambda item: where("", here.code, item),
        signed=signatures.signatures(session, found),
        replied=service.replies(session, found),
        reply_form=form,
        details=details,
        shown=detail.name,
        detail=parts[number - 1],
        page=number,
        pages=len(parts),
        **present.words(),
    )


@blueprint.post("/reports/<report_id>/reply")
@requires("audit.reply")
def reply(report_id: str) -> str | Response:
    """The committee answers a report; the next one on the same days carries it."""
    form = ReplyForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.reply(
                    session,
                    context.community().id,
                    report_id,
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("反馈已经写在报告后面。"), "ok")
            return redirect(url_for("audit.report", report_id=report_id) + "#answers")
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _report_page(report_id, form)


@blueprint.get("/reports/<report_id>.pdf")
@requires("audit.read")
def report_pdf(report_id: str) -> Response:
    """The file with every signature so far, byte by byte as it was kept; `?edition=other` is the other language's."""
    return as_pdf_file(_ready(report_id))


def as_pdf_file(found: AuditReport) -> Response:
    """The report's PDF as a download."""
    name = f"audit-{found.label}"
    if request.args.get("edition") == "other":
        if found.other_digest is None:
            raise NotFound
        other = other_language(found.language)
        return _file(context.platform().files.get(found.other_digest), "application/pdf", f"{name}-{other}.pdf")
    digest = signatures.current_digest(context.reading(), found)
    return _file(context.platform().files.get(digest), "application/pdf", f"{name}.pdf")


@blueprint.get("/reports/<report_id>.html")
@requires("audit.read")
def report_html(report_id: str) -> Response:
    """The same document as one HTML file, in the reader's language, for telephones that open no PDF."""
    found = _ready(report_id)
    content = _content(found)
    platform = context.platform()
    address = platform.settings.base_url + making.path(context.community().code, found.id)
    html = printing.as_html(platform, content, address=address, now=context.now(), language=language())
    return _file(html.encode(), "text/html; charset=utf-8", f"audit-{found.label}.html")


@checking.route("", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute", methods=["POST"])
def upload() -> str:
    """Anybody may check a signed report or a voting package; the file is looked at and not kept."""
    form = FileForm()
    checks = {
        ending: check for room in current_app.extensions["hoa.rooms"] for ending, check in room.file_checks.items()
    }
    verdict = name = None
    if form.validate_on_submit():
        name = PurePath(form.file.data.filename or "").name[:80]
        check = checks.get(PurePath(name).suffix.lower())
        with form.file.data.stream as stream:
            if check is None:
                endings = gettext("、").join(sorted(checks))
                form.file.errors = [gettext("只能核验这些文件：%(endings)s", endings=endings)]
            else:
                with place():
                    verdict = check(context.platform(), stream.read())
    return render_template("audit/verify.html", form=form, verdict=verdict, name=name, endings=sorted(checks))


def _ready(report_id: str) -> AuditReport:
    return service.find(context.reading(), context.community().id, report_id)


def _content(found: AuditReport) -> dict[str, Any]:
    assert found.content is not None  # ready reports have their data
    return found.content


def _file(data: bytes, media_type: str, name: str) -> Response:
    return send_file(io.BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name)


def _usual(opened: date) -> dict[str, date]:
    """The longest useful period: this year, or the book's beginning, to the end of the last full quarter."""
    last = Quarter.of(today(context.now())).previous
    start = max(date(last.year, 1, 1), opened)
    return {"start": start, "end": max(last.end, start)}


def _periods(opened: date) -> list[tuple[str, date, date]]:
    """Quarters that are over, the newest first, and the year so far."""
    day = today(context.now())
    usual = _usual(opened)
    found = [(gettext("本年至上季度末"), usual["start"], usual["end"])] if usual["end"] < day else []
    quarter = Quarter.of(day).previous
    while quarter.end >= opened and len(found) < 5:
        found.append((str(quarter), max(quarter.start, opened), quarter.end))
        quarter = Quarter.of(quarter.start - timedelta(days=1))
    return found
