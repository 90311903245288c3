"""Statements on paper, made in the background and kept by the data they print: the association's three, and the PDF
twin of every publication of the accounts (WeChat on Android opens no PDF, so the page stays the first).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules import spans, story
from finance.rules.charts import purpose_name
from finance.rules.rent import AGES
from finance.rules.spans import Half, Span
from finance.rules.statements import OPEN_NAMES, OpenKind
from finance.service import fund_statements
from finance.service import publication as published
from finance.year.tables import StatementPaper
from hoa.bulletin.tables import Publication
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Run
from hoa.kernel import canonical
from hoa.kernel.clock import CHINA
from hoa.platform import Platform
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf

TASK = "finance.paper"
LOOK_SECONDS = 20.0
# One look prints a few, so that a worker with a hundred communities keeps time for everything else.
MOST_A_LOOK = 4


def kept(session: Session, community_id: str, *, subject: str, content: Mapping[str, Any]) -> StatementPaper | None:
    """The paper of exactly this data, if it was made."""
    query = select(StatementPaper).where(
        StatementPaper.community_id == community_id,
        StatementPaper.subject == subject,
        StatementPaper.digest == canonical.digest(content),
    )
    return session.scalars(query).one_or_none()


def task(run: Run) -> dict[str, Any]:
    """The job `finance.paper`: the three statements of a span as they are now, once."""
    platform, span = run.platform, spans.parse(str(run.payload["span"]))
    with platform.database.reading() as session:
        community = get_community(session, run.community)
        built = fund_statements.build(session, run.community, start=span.start, end=span.end)
        content = fund_statements.content(built)
        url = f"/c/{community.code}/books/statements/{span}"
        done = kept(session, run.community, subject=str(span), content=content) is not None
    if not done:
        pdf = statements_pdf(
            content,
            title=f"{_span_text(span)}会计报表",
            community=community.name,
            address=platform.settings.base_url + url,
        )
        _keep(platform, run.community, str(span), content, pdf)
    return {"url": url}


def statements_pdf(content: Mapping[str, Any], *, title: str, community: str, address: str) -> bytes:
    """会民非01, 02 and 03 as one PDF; the same data gives the same bytes."""
    html = render_paper(
        "pdf/fund_statements.html",
        community_name=community,
        unnumbered=False,
        title=title,
        frozen=content,
        address=address,
        digest=canonical.digest(content),
    )
    return render_pdf(html, created=_moment(content["end"]), title=title, author=community)


def publication_pdf(platform: Platform, session: Session, publication: Publication) -> bytes:
    """The twin of a publication: the same content, its hash and the QR code of its page."""
    community = get_community(session, publication.community_id)
    content = publication.content
    half = publication.kind == published.HALF_KIND
    html = render_paper(
        "pdf/publication.html",
        community_name=community.name,
        unnumbered=False,
        title=publication.title,
        content=content,
        frozen=content.get("work") if half else content.get("fund_statements"),
        story=None if half else story.told([content]),
        half=half,
        publication=publication,
        digest=publication.content_hash,
        address=f"{platform.settings.base_url}/p/{publication.id}",
        ages=AGES,
        month_short=lambda month: f"{month % 100}月",
        purpose_name=purpose_name,
        open_name=lambda kind: OPEN_NAMES[OpenKind(kind)],
    )
    created = publication.published_at.replace(microsecond=0)
    return render_pdf(html, created=created, title=publication.title, author=community.name)


def print_publications(platform: Platform) -> None:
    """Make the twins that are missing; two workers at once make the same bytes, and one of them keeps the row."""
    with platform.database.reading() as session:
        printed = select(StatementPaper.id).where(
            StatementPaper.community_id == Publication.community_id, StatementPaper.subject == Publication.id
        )
        query = select(Publication.community_id, Publication.id).where(
            Publication.kind.in_(published.KINDS), ~printed.exists()
        )
        missing = session.execute(query.order_by(Publication.published_at).limit(MOST_A_LOOK)).all()
    for community_id, publication_id in missing:
        with platform.database.reading() as session:
            publication = get(session, Publication, community_id, publication_id)
            pdf = publication_pdf(platform, session, publication)
        _keep(platform, community_id, publication_id, publication.content, pdf)


def _keep(platform: Platform, community_id: str, subject: str, content: Mapping[str, Any], pdf: bytes) -> None:
    digest = platform.files.put(pdf)
    with platform.database.writing(seconds=30) as session:
        if kept(session, community_id, subject=subject, content=content) is None:
            session.add(
                StatementPaper(
                    community_id=community_id,
                    subject=subject,
                    digest=canonical.digest(content),
                    sha256=digest,
                    made_at=platform.now(),
                )
            )


def _moment(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), CHINA)


def _span_text(span: Span) -> str:
    """The span in the language of the law: 2026 年 9 月."""
    if isinstance(span, spans.Month):
        return f"{span.month // 100} 年 {span.month % 100} 月"
    if isinstance(span, Half):
        return f"{span.year} 年{'上下'[span.number - 1]}半年"
    if isinstance(span, spans.Year):
        return f"{span.year} 年度"
    return f"{span.year} 年第{'一二三四'[span.number - 1]}季度"
