"""Background work of paper: making sheets and printing them. Both may begin again after a crash: what is there is
left out."""

from typing import Any

from hoa.db import get
from hoa.jobs import Run
from voting.service import printing, sheets
from voting.service.addresses import path
from voting.tables import Assembly

AT_ONCE = 25


def prepare(run: Run) -> dict[str, Any]:
    """Sheets for a building (none: all), each with the proposal that a clerk signs."""
    platform, payload = run.platform, run.payload
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(payload["assembly"]))
        url = path(session, assembly)
        electors = sheets.wanting(session, assembly, building_id=payload["building"], elector=payload["elector"])
    for first in range(0, len(electors), AT_ONCE):
        run.progress(first, len(electors))
        with platform.database.writing(seconds=30) as session:
            sheets.prepare(
                session,
                platform.keys,
                get(session, Assembly, run.community, assembly.id),
                electors[first : first + AT_ONCE],
                by=run.person_id,
                now=platform.now(),
            )
    run.progress(len(electors), len(electors))
    return {"url": f"{url}/paper"}


def print_sheets(run: Run) -> dict[str, Any]:
    """The PDFs of some buildings, or of one sheet."""
    platform, payload = run.platform, run.payload
    with platform.database.reading() as session:
        assembly = get(session, Assembly, run.community, str(payload["assembly"]))
        url = path(session, assembly)
    if payload["serial"]:
        printing.print_sheet(platform, assembly, payload["serial"], language=payload["language"], now=platform.now())
        return {"url": f"{url}/paper/sheets/{payload['serial']}"}
    for _ in printing.print_all(
        platform, assembly, payload["buildings"], language=payload["language"], progress=run.progress
    ):
        pass
    return {"url": f"{url}/paper"}


TASKS = {"voting.sheets": prepare, "voting.print-sheets": print_sheets}
