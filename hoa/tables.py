"""Every table of every room, loaded for migrations and checks. Rooms never import this: it stands beside hoa.app."""

from importlib import import_module

ROOMS = (
    "hoa.jobs",
    "hoa.accounts.tables",
    "hoa.community.tables",
    "hoa.offices.tables",
    "hoa.offices.after_tables",
    "hoa.offices.changes.tables",
    "hoa.offices.preparing.tables",
    "hoa.bulletin.tables",
    "hoa.resolutions.tables",
    "hoa.resolutions.meetings.tables",
    "hoa.resolutions.seals.tables",
    "voting.tables",
    "voting.recall.tables",
    "voting.elections.tables",
    "voting.filing.tables",
    "finance.tables",
    "finance.contract_tables",
    "finance.disclosure.tables",
    "finance.papers.tables",
    "finance.year.tables",
    "finance.shares.tables",
    "finance.audit.tables",
    "finance.engagements.tables",
    "finance.supervision.tables",
    "hoa.affairs.tables",
    "hoa.affairs.board_tables",
    "hoa.topics.tables",
    "hoa.api.tables",
)


def every_table() -> None:
    """Import each room's tables, so that `Base.metadata` knows them all."""
    for room in ROOMS:
        import_module(room)
