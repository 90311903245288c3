"""create_app(): the only place that wires rooms together."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from finance.audit import assets, provided
from finance.audit.holdings import asset_rows
from finance.audit.room import ROOM as AUDIT
from finance.chain_links import FinanceLinks
from finance.engagements.room import ROOM as ENGAGEMENTS
from finance.papers.room import ROOM as PAPERS
from finance.room import ROOM as FINANCE
from finance.service import acts as finance_acts
from finance.service import publication, publishing
from finance.shares.providers import PROVIDERS as SHARES_TELL
from finance.shares.room import ROOM as SHARES
from finance.supervision.providers import PROVIDERS as SUPERVISION_TELLS
from finance.supervision.room import ROOM as SUPERVISION
from finance.supervision.service import notes as supervisors_notes
from finance.year.room import ROOM as YEAR
from hoa import home
from hoa.accounts import newcomers, second_factor
from hoa.accounts.entry import load_signed_in, this_session
from hoa.accounts.room import ROOM as ACCOUNTS
from hoa.affairs.chain_links import SuggestionLinks
from hoa.affairs.room import ROOM as AFFAIRS
from hoa.api.room import ROOM as API
from hoa.bulletin import acts as bulletin_acts
from hoa.bulletin import current, marks
from hoa.bulletin.for_groups import GroupBoard
from hoa.bulletin.room import ROOM as BULLETIN
from hoa.community import phones
from hoa.community.room import ROOM as COMMUNITY
from hoa.community.service import find_community, owns_today
from hoa.demo import witnesses as demo_witness
from hoa.demo.views import blueprint as demo_doors
from hoa.jobs import Handler, Periodic, Worker
from hoa.kernel.clock import today
from hoa.kernel.posts import OWNER, Post
from hoa.offices import demands
from hoa.offices.after_room import ROOM as HANDOVERS
from hoa.offices.changes import acts
from hoa.offices.changes.room import ROOM as CHANGES
from hoa.offices.preparing import board
from hoa.offices.preparing.room import ROOM as PREPARING
from hoa.offices.room import ROOM as OFFICES
from hoa.offices.service import posts_held
from hoa.platform import Platform
from hoa.resolutions import acts as resolutions_acts
from hoa.resolutions import chain, evidence
from hoa.resolutions.chain_links import ResolutionLinks
from hoa.resolutions.meetings import papers
from hoa.resolutions.meetings.room import ROOM as MEETINGS
from hoa.resolutions.room import ROOM as RESOLUTIONS
from hoa.resolutions.seals.room import ROOM as SEALS
from hoa.topics.chain_links import TopicLinks, WaitingTopics
from hoa.topics.room import ROOM as TOPICS
from hoa.topics.service import summing
from hoa.web import errors, i18n, jobs_views, known_files, observing, security, shell
from hoa.web.access import assert_every_route_declares
from hoa.web.context import Me
from hoa.web.room import Room
from voting import recognised
from voting.chain_links import Drafting, VotingLinks
from voting.elections.room import ROOM as ELECTIONS
from voting.elections.service import listing as candidates
from voting.filing.room import ROOM as FILING
from voting.recall.room import ROOM as RECALL
from voting.room import ROOM as VOTING
from voting.service import acts as voting_acts
from voting.service import evidence as assembly_evidence
from voting.service.signs import signs as ballot_signs

ROOMS: tuple[Room, ...] = (
    ACCOUNTS,
    COMMUNITY,
    OFFICES,
    PREPARING,
    CHANGES,
    HANDOVERS,
    BULLETIN,
    RESOLUTIONS,
    MEETINGS,
    SEALS,
    VOTING,
    RECALL,
    FILING,
    ELECTIONS,
    SHARES,
    FINANCE,
    YEAR,
    PAPERS,
    AUDIT,
    SUPERVISION,
    ENGAGEMENTS,
    AFFAIRS,
    TOPICS,
    API,
)
ROOT = Path(__file__).resolve().parent.parent
PLATFORM_ADMINISTER = "platform.administer"


def wire(platform: Platform) -> None:
    """Fill the Protocols through which lower rooms ask higher ones; every entrance does this first."""
    evidence.provide(assembly_evidence(platform))
    evidence.provide_signs(ballot_signs)
    for kind in publication.KINDS:
        current.provide(kind, publishing.current_hash)
    current.provide(candidates.KIND, candidates.current_hash)
    current.provide(summing.PUBLICATION, summing.current_hash)
    board.provide(GroupBoard())
    known_files.provide("assemblies", recognised.recognise)
    known_files.provide("meetings", papers.recognise)
    marks.provide(supervisors_notes.marks)
    provided.provide("assets", asset_rows)
    for name, provider in {**SUPERVISION_TELLS, **SHARES_TELL}.items():
        provided.provide(name, provider)
    provided.provide("assets", assets.assets)
    chain.provide("affairs", SuggestionLinks(platform.keys))
    chain.provide("topics", TopicLinks())
    chain.provide("voting", VotingLinks())
    chain.provide("resolutions", ResolutionLinks())
    chain.provide("finance", FinanceLinks())
    chain.provide_preparing(Drafting())
    chain.provide_topics(WaitingTopics())
    for room in (bulletin_acts, resolutions_acts, voting_acts, finance_acts):
        acts.provide(room.__name__, room.told)


def create_app(platform: Platform) -> Flask:
    """The web application over an opened platform. Fails at once when a route declares no access."""
    wire(platform)
    app = Flask("hoa", root_path=str(ROOT / "hoa"), template_folder=str(ROOT / "templates"), static_folder="static")
    app.extensions["hoa.platform"] = platform
    app.extensions["hoa.powers"] = load_powers
    app.extensions["hoa.withheld"] = withheld_powers
    app.extensions["hoa.community"] = find_community
    app.extensions["hoa.rooms"] = ROOMS
    app.extensions[newcomers.EXTENSION] = phones
    app.extensions["hoa.declared_powers"] = frozenset(declared_powers()) | {PLATFORM_ADMINISTER}
    observing.install(app)
    security.install(app, platform.settings, secret=platform.keys.mac("flask-session", b"v1"))
    i18n.install(app, platform.settings.language)
    errors.install(app)
    shell.install(app, platform.settings, nav=[item for room in reversed(ROOMS) for item in room.nav])
    shell.login_manager.user_loader(load_signed_in)
    app.jinja_env.globals["publication_kinds"] = {
        kind: title for room in ROOMS for kind, title in room.publications.items()
    }
    for blueprint in (observing.blueprint, jobs_views.blueprint, home.blueprint):
        app.register_blueprint(blueprint)
    if platform.settings.demo:
        app.register_blueprint(demo_doors)
    for room in ROOMS:
        for blueprint in room.blueprints:
            app.register_blueprint(blueprint)
    assert_every_route_declares(app)
    return app


def create_worker(platform: Platform) -> Worker:
    """The worker over the same platform: every room's tasks and periodic work."""
    wire(platform)
    handlers: dict[str, Handler] = {}
    periodic: list[Periodic] = []
    for room in ROOMS:
        handlers.update(room.tasks)
        periodic.extend(room.periodic)
    if platform.settings.demo:
        periodic.append(Periodic("demo.witness", demo_witness.LOOK_SECONDS, demo_witness.look))
    return Worker(platform, handlers, periodic)


def declared_powers() -> Mapping[str, frozenset[Post]]:
    """Every power and the posts that carry it. A power is declared by one room only."""
    powers: dict[str, frozenset[Post]] = {}
    for room in ROOMS:
        for power, posts in room.powers.items():
            if power in powers:
                raise RuntimeError(f"two rooms declare {power}")
            powers[power] = posts
    return powers


def load_powers(session: Session, person: Me, community_id: str | None, now: datetime) -> frozenset[str]:
    """What a person may do today: from offices held and units owned, and from nothing else.

    The platform's administrator has no power inside a community.
    """
    if community_id is None:
        return frozenset({PLATFORM_ADMINISTER}) if person.is_platform_administrator else frozenset()
    posts = set(posts_held(session, community_id, person.id, now))
    if owns_today(session, community_id, person.id, today(now)):
        posts.add(OWNER)
    return frozenset(power for power, holders in declared_powers().items() if holders & posts)


def withheld_powers(session: Session, community_id: str, held: frozenset[str], now: datetime) -> frozenset[str]:
    """Which powers of the signed-in person wait until this session has shown a second factor, as the community asks."""
    return demands.withheld(
        session, community_id, held, given=lambda: second_factor.given(session, this_session(), now=now)
    )
