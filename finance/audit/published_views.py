"""A report before the owners: published by those who made it, read by everybody of the community."""

from flask import flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.audit import publishing
from finance.audit.views import as_page, as_pdf_file, blueprint
from hoa.web import context
from hoa.web.access import requires


@blueprint.post("/reports/<report_id>/publish")
@requires("audit.report")
def publish(report_id: str) -> Response:
    """Put the report on the bulletin, as it is signed now."""
    with context.writing() as session:
        publishing.publish(session, context.community().id, report_id, by=context.person_id(), now=context.now())
    flash(gettext("报告已经公示，业主可以看到全文和 PDF。"), "ok")
    return redirect(url_for("audit.report", report_id=report_id))


@blueprint.get("/published/<report_id>")
@requires("audit.published")
def published(report_id: str) -> str:
    """The same page as those who made it see."""
    report = publishing.published(context.reading(), context.community().id, report_id)
    return as_page(report, page="audit.published", pdf="audit.published_pdf")


@blueprint.get("/published/<report_id>.pdf")
@requires("audit.published")
def published_pdf(report_id: str) -> Response:
    """The file with every signature so far."""
    return as_pdf_file(publishing.published(context.reading(), context.community().id, report_id))
