"""Every table of every room, loaded for migrations and checks. Rooms never import this: it stands beside hoa.app."""

from importlib import import_module

ROOMS = (
    "hoa.jobs",
    "hoa.accounts.tables",
    "hoa.community.tables",
    "hoa.offices.tables",
    "hoa.bulletin.tables",
    "hoa.resolutions.tables",
    "voting.tables",
    "finance.tables",
    "finance.audit.tables",
)


def every_table() -> None:
    """Import each room's tables, so that `Base.metadata` knows them all."""
    for room in ROOMS:
        import_module(room)
