"""The progress page of background work, for whoever asked for it."""

from flask import Blueprint, jsonify, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from hoa.jobs import Job
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.i18n import told
from hoa.web.security import limiter

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")


def _mine(job_id: str) -> Job:
    query = select(Job).where(Job.id == job_id, Job.person_id == context.person_id())
    job = context.reading().scalars(query).one_or_none()
    if job is None:
        raise NotFound
    return job


@blueprint.get("/<job_id>")
@signed_in
def show(job_id: str) -> str:
    job = _mine(job_id)
    return render_template("jobs/progress.html", job=job, error=told(job.error) if job.error else None)


@blueprint.get("/<job_id>.json")
@signed_in
@limiter.exempt
def status(job_id: str) -> Response:
    """`{"state", "done", "total", "url", "error"}` for the page's own polling."""
    job = _mine(job_id)
    return jsonify(
        {
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "url": (job.result or {}).get("url"),
            "error": told(job.error) if job.error else None,
        }
    )
