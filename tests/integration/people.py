"""People and communities for integration tests, made with the rooms' own tables and services."""

from hoa.accounts.tables import Person
from hoa.community.service import create
from hoa.kernel.ids import new_id
from hoa.platform import Platform


def a_person(platform: Platform, name: str = "和豪") -> str:
    """The id of a new person without phone or password."""
    with platform.database.writing() as session:
        person = Person(id=new_id(), name=name, made_at=platform.now())
        session.add(person)
    return person.id


def a_community(platform: Platform, code: str = "WTY", name: str = "梧桐苑") -> str:
    """The id of a new community."""
    with platform.database.writing() as session:
        return create(session, code=code, name=name, help_phone="023-0000 0405", by=None, now=platform.now()).id
