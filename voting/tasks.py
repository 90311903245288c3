"""Background work: counting, announcing, packages and PDFs. Each looks first whether it was done already."""

from typing import Any

from hoa.db import get
from hoa.jobs import Run
from hoa.kernel.clock import parse_stamp
from hoa.web.pdf import render_pdf
from voting import convening, paper_tasks, reminders, telling
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import announcing, packages, tallying
from voting.service.addresses import path
from voting.tables import Assembly


def count(run: Run) -> dict[str, Any]:
    """Tally a closed assembly."""
    platform = run.platform
    with platform.database.writing(seconds=30) as session:
        assembly = get(session, Assembly, run.community, str(run.payload["assembly"]))
        if assembly.step is State.CLOSED:
            tallying.count(session, platform.keys, run.community, assembly.id, by=run.person_id, now=platform.now())
        return {"url": path(session, assembly) + "/manage"}


def announce(run: Run) -> dict[str, Any]:
    """Verify both packages with the public verifier, then publish."""
    platform = run.platform
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(run.payload["assembly"]))
        url = path(session, assembly)
        if assembly.step is State.ANNOUNCED:
            return {"url": url}
        confirmed = announcing.confirm(session, platform.keys, assembly)
    with platform.database.writing(seconds=30) as session:
        announcing.announce(
            session,
            platform.files,
            run.community,
            assembly.id,
            confirmed=confirmed,
            url=url,
            by=str(run.payload["by"]),
            now=platform.now(),
        )
    return {"url": url}


def package(run: Run) -> dict[str, Any]:
    """Build one package and keep it under its hash."""
    platform, form = run.platform, Form(run.payload["form"])
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(run.payload["assembly"]))
        data = packages.build(session, platform.keys, assembly, form)
        source = packages.package_source(session, assembly)
    _keep(run, assembly, announcing.PACKAGE_KINDS[form], source, data)
    return {"url": str(run.payload["url"])}


def paper(run: Run) -> dict[str, Any]:
    """A PDF from the very HTML that was rendered for it; `created` is printed on it, so the file never changes."""
    payload = run.payload
    html = run.platform.files.get(str(payload["html"]))
    data = render_pdf(
        html.decode(),
        created=parse_stamp(str(payload["created"])),
        title=str(payload["title"]),
        language=str(payload["language"]),
    )
    with run.platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(payload["assembly"]))
    _keep(run, assembly, str(payload["kind"]), str(payload["html"]), data)
    return {"url": str(payload["url"])}


def _keep(run: Run, assembly: Assembly, kind: str, source: str, data: bytes) -> None:
    platform = run.platform
    with platform.database.writing(seconds=30) as session:
        packages.keep(session, platform.files, assembly, kind=kind, source=source, data=data, now=platform.now())


TASKS = {
    **paper_tasks.TASKS,
    **telling.TASKS,
    **reminders.TASKS,
    "voting.count": count,
    "voting.announce": announce,
    "voting.package": package,
    "voting.paper": paper,
    **convening.TASKS,
}
