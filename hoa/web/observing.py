"""Structured logs without personal data, /healthz and /metrics."""

import logging
import secrets
import sys
import time

import structlog
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from hoa.kernel.errors import Busy, NotFound
from hoa.web import context
from hoa.web.access import public
from hoa.web.security import limiter

log = structlog.get_logger("hoa.web")
blueprint = Blueprint("observing", __name__)


def configure_logs(level: str) -> None:
    """JSON lines on standard error. What is logged is chosen field by field; no request data is logged wholesale."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def install(app: Flask) -> None:
    registry = CollectorRegistry()
    app.extensions["hoa.metrics"] = registry
    seconds = Histogram("hoa_request_seconds", "Time to answer", ["endpoint"], registry=registry)
    answers = Counter("hoa_requests", "Answers by status", ["endpoint", "status"], registry=registry)

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()
        g.request_id = secrets.token_hex(6)

    @app.after_request
    def _end(response: BaseResponse) -> BaseResponse:
        took = time.perf_counter() - g.get("began", time.perf_counter())
        endpoint = request.endpoint or "none"
        seconds.labels(endpoint).observe(took)
        answers.labels(endpoint, response.status_code).inc()
        response.headers["X-Request-Id"] = g.get("request_id", "")
        log.info(
            "request",
            id=g.get("request_id"),
            method=request.method,
            endpoint=endpoint,
            status=response.status_code,
            ms=round(took * 1000, 1),
        )
        return response


@blueprint.get("/healthz")
@public
@limiter.exempt
def healthz() -> tuple[BaseResponse, int]:
    """200 while the database answers; for load balancers and `make run`."""
    try:
        context.reading().execute(text("SELECT 1"))
    except (SQLAlchemyError, Busy):
        return jsonify({"status": "database does not answer"}), 503
    return jsonify({"status": "ok"}), 200


@blueprint.get("/metrics")
@public
@limiter.exempt
def metrics() -> BaseResponse:
    """Prometheus text: with HOA_SECRET_METRICS to whoever gives it as a bearer token, without it to this machine only,
    and in production to nobody: behind a proxy on the same machine everybody may look like this machine.
    """
    settings = context.platform().settings
    token = settings.secrets.get("HOA_SECRET_METRICS")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    local = request.remote_addr in ("127.0.0.1", "::1") and not settings.production
    allowed = secrets.compare_digest(given.encode(), token.encode()) if token else local
    if not allowed:
        raise NotFound
    return Response(generate_latest(current_app.extensions["hoa.metrics"]), mimetype="text/plain; version=0.0.4")
