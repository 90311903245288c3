"""The documents of a filing as HTML, from what is kept: printed by the job exactly as they were when it was asked for.

They are written in Chinese whatever the asker reads, because they go to a Chinese authority.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext

from hoa.kernel import canonical
from hoa.kernel.clock import parse_stamp, stamp
from hoa.resolutions import rulebooks
from hoa.resolutions.clauses import BOOKS
from hoa.resolutions.meetings.rules import CHOICE_TITLES, PRESENCE_TITLES
from hoa.resolutions.tables import RulebookVersion
from hoa.web import context
from hoa.web.i18n import LANGUAGES
from voting.filing import service
from voting.filing.rules.pack import NEEDED, TITLES, Paper, file_name
from voting.filing.service import Piece, Sources
from voting.filing.views.shared import address
from voting.service import tallying
from voting.views import outcome
from voting.views.minutes import values as minutes_values
from voting.views.shared import words


def source(found: Sources, pieces: list[Piece], *, draft: bool) -> str:
    """Put every document into the files port; the digest of their list, from which the job makes the pack."""
    files, here = context.platform().files, context.community()
    created = _created(found)
    with force_locale(LANGUAGES["zh-CN"]):
        documents = []
        for place, piece in enumerate((one for one in pieces if one.missing is None), 1):
            html = _writers()[piece.paper]
            alone = html(found, {"draft": draft, "unnumbered": False, "created": created})
            joined = html(found, {"draft": draft, "unnumbered": True, "created": created})
            documents.append(
                {
                    "file": file_name(place, piece.paper),
                    "title": gettext(TITLES[piece.paper]),
                    "alone": files.put(alone.encode()),
                    "joined": files.put(joined.encode()),
                }
            )
        title = gettext(
            "%(community)s业主委员会备案材料（第 %(number)s 轮）", community=here.name, number=found.round.number
        )
    value = {
        "community": here.name,
        "title": title,
        "draft": draft,
        "created": stamp(created),
        "address": address("filing.show", round_no=found.round.number),
        "documents": documents,
    }
    return files.put(json.dumps(value, ensure_ascii=False, sort_keys=True).encode())


def _created(found: Sources) -> datetime:
    """The latest moment that any of the documents tells of, so that the same facts make the same file."""
    moments = [found.round.opened_at]
    moments += [office.granted_at for fact in found.people for office in fact.offices]
    if found.meeting is not None and found.meeting.settled_at is not None:
        moments.append(found.meeting.settled_at)
    return max(moments).replace(microsecond=0)


Writer = Callable[[Sources, Mapping[str, Any]], str]


def _writers() -> Mapping[Paper, Writer]:
    return {
        Paper.APPLICATION: _application,
        Paper.MINUTES: _minutes,
        Paper.RESULT: _result,
        Paper.PROCEDURE: lambda found, how: _rulebook(found.procedure, how),
        Paper.COVENANT: lambda found, how: _rulebook(found.covenant, how),
        Paper.MEETING: _meeting,
        Paper.MEMBERS: _members,
        Paper.UNDERTAKINGS: _undertakings,
    }


def _render(template: str, how: Mapping[str, Any], **values: Any) -> str:
    return render_template(template, community_name=context.community().name, **how, **values)


def _application(found: Sources, how: Mapping[str, Any]) -> str:
    members = [fact for fact in found.people if not fact.is_alternate]
    return _render(
        "filing/application_paper.html",
        how,
        round=found.round,
        here=context.community(),
        assembly=found.assembly,
        result=found.result,
        meeting=found.meeting,
        members=members,
        alternates=[fact for fact in found.people if fact.is_alternate],
        papers=NEEDED[found.round.kind],
        address=address("filing.show", round_no=found.round.number),
    )


def _minutes(found: Sources, how: Mapping[str, Any]) -> str:
    assert found.assembly is not None  # the piece is ready
    values = {**words(), **minutes_values(found.assembly)}
    return _render("voting/minutes_paper.html", how, assembly=found.assembly, **values)


def _result(found: Sources, how: Mapping[str, Any]) -> str:
    assert found.assembly is not None  # the piece is ready
    tally = tallying.tally_of(context.reading(), found.assembly)
    values = {**words(), **outcome.figures(found.assembly, tally)}
    return _render("voting/result_paper.html", how, assembly=found.assembly, **values)


def _rulebook(version: RulebookVersion | None, how: Mapping[str, Any]) -> str:
    assert version is not None  # the piece is ready
    return _render(
        "filing/rulebook_paper.html",
        how,
        version=version,
        book=BOOKS[version.kind],
        parsed=rulebooks.parsed(version),
        address=context.platform().settings.base_url + rulebooks.path(context.reading(), version),
    )


def _meeting(found: Sources, how: Mapping[str, Any]) -> str:
    assert found.meeting is not None  # the piece is ready
    assert found.meeting.content is not None
    return _render(
        "filing/meeting_paper.html",
        how,
        meeting=found.meeting,
        content=canonical.decode(found.meeting.content),
        digest=found.meeting.digest,
        signed=service.who_signed(context.reading(), found.round.community_id, found.meeting),
        at=parse_stamp,
        address=context.platform().settings.base_url + found.meeting.url,
        CHOICES=CHOICE_TITLES,
        PRESENCE=PRESENCE_TITLES,
    )


def _members(found: Sources, how: Mapping[str, Any]) -> str:
    return _render(
        "filing/members_paper.html",
        how,
        round=found.round,
        members=[fact for fact in found.people if not fact.is_alternate],
        alternates=[fact for fact in found.people if fact.is_alternate],
        address=address("offices.roster"),
    )


def _undertakings(found: Sources, how: Mapping[str, Any]) -> str:
    return _render("filing/undertakings_paper.html", how, people=found.people)
