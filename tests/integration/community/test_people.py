"""From the register to an account: letters, phones, the desk; and what other rooms ask."""

from datetime import timedelta

import pytest

from hoa.accounts import service as accounts
from hoa.community import activation, desk, phones, service
from hoa.community.checks import verify
from hoa.community.rules import IdentityLevel
from hoa.community.tables import Ownership
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.errors import NotFound
from hoa.kernel.identifiers import NotAMobileNumber
from hoa.platform import Platform
from tests.integration.community.scene import (
    DEVELOPER,
    KANG,
    PING,
    REN,
    SMALL,
    a_register,
    do_import,
    officer,
    owner_id,
    unit_id,
    workbook,
)
from tests.integration.people import a_person

V0, V1, V2 = IdentityLevel.V0, IdentityLevel.V1, IdentityLevel.V2


def letters(platform: Platform, community: str, **which: str | None) -> list[activation.Letter]:
    with platform.database.writing() as session:
        batch = activation.issue(session, community, by=None, now=platform.now(), **which)
    with platform.database.reading() as session:
        return list(activation.letters(session, platform.keys, community, "WTY", batch))


def use(platform: Platform, community: str, person: str, room: str, code: str) -> None:
    with platform.database.writing() as session:
        row = activation.match_letter(session, platform.keys, community, room=room, code=code, now=platform.now())
        activation.use_letter(session, community, code_id=row.id, person_id=person, now=platform.now())


def level(platform: Platform, community: str, person: str) -> IdentityLevel:
    with platform.database.reading() as session:
        return service.identity_level(session, community, person)


def check(platform: Platform, community: str, name: str, phone: str, by: str) -> str:
    owner = owner_id(platform, community, name)
    with platform.database.writing() as session:
        made = desk.start(
            session,
            platform.keys,
            community,
            owner_id=owner,
            phone=phone,
            documents="证件",
            by=by,
            now=platform.now(),
        )
        return made.id


def confirm(platform: Platform, community: str, check_id: str, by: str) -> None:
    with platform.database.writing() as session:
        desk.confirm(session, platform.keys, community, check_id=check_id, by=by, now=platform.now())


def two_officers(platform: Platform, community: str) -> tuple[str, str]:
    return (
        officer(platform, None, None, name="秦雅宁", phone="19900001001"),
        officer(platform, None, None, name="蔡文博", phone="19900001002"),
    )


# --------------------------------------------------------------------------------------------------------- letters


def test_a_letter_makes_the_person_the_owner_at_v1_for_all_they_have(platform: Platform) -> None:
    community, person = a_register(platform), a_person(platform)
    [letter] = letters(platform, community, unit_id=unit_id(platform, community, "1-1-102"))
    assert letter.owner_name == KANG[0]
    use(platform, community, person, "1幢1单元102室", letter.code)
    with platform.database.reading() as session:
        owned = service.ownerships_of(session, community, person)
        assert [one.unit.code for one in owned] == ["1-1-102", "1-1-201"]
        assert service.owns_today(session, community, person, today(platform.now()))
        assert [here.id for here in service.communities_of(session, person)] == [community]
    assert level(platform, community, person) is V1


def test_a_letter_works_once_and_dies_when_another_is_issued_or_when_time_is_up(
    platform: Platform, clock: FrozenClock
) -> None:
    community, person = a_register(platform), a_person(platform)
    unit = unit_id(platform, community, "1-1-101")
    [old] = letters(platform, community, unit_id=unit)
    [new] = letters(platform, community, unit_id=unit)
    with pytest.raises(activation.WrongLetter):
        use(platform, community, person, "1-1-101", old.code)
    clock.advance(days=90)
    with pytest.raises(activation.WrongLetter):
        use(platform, community, person, "1-1-101", new.code)
    [fresh] = letters(platform, community, unit_id=unit)
    use(platform, community, person, "1-1-101", fresh.code)
    with pytest.raises(activation.WrongLetter):
        use(platform, community, person, "1-1-101", fresh.code)
    with pytest.raises(activation.NothingToSend):
        letters(platform, community, unit_id=unit)


def test_a_letter_says_the_same_about_a_wrong_code_an_unknown_room_and_another_community(platform: Platform) -> None:
    community, other, person = a_register(platform), a_register(platform, "BSH"), a_person(platform)
    [letter] = letters(platform, community, unit_id=unit_id(platform, community, "1-1-101"))
    wrong = str((int(letter.code) + 1) % 10**8).zfill(8)
    said = set()
    for where, room, code in (
        (community, "1-1-101", wrong),
        (community, "9-9-999", letter.code),
        (community, "1-1-102", letter.code),
        (other, "1-1-101", letter.code),
    ):
        with pytest.raises(activation.WrongLetter) as caught:
            use(platform, where, person, room, code)
        said.add(str(caught.value))
    assert len(said) == 1


def test_everybody_without_an_account_gets_one_letter_a_unit(platform: Platform) -> None:
    community, person = a_register(platform), a_person(platform)
    found = letters(platform, community)
    assert [letter.unit_label for letter in found] == [
        "1栋1单元101",
        "1栋1单元102",
        "1栋1单元201",
        "1栋1单元202",
        "2栋1单元101",
    ]
    assert len({letter.code for letter in found}) == 5
    use(platform, community, person, found[0].unit_label, found[0].code)
    assert PING[0] not in [letter.owner_name for letter in letters(platform, community)]


def test_a_transfer_kills_the_letter_of_the_former_owner(platform: Platform) -> None:
    community, person = a_register(platform), a_person(platform)
    [letter] = letters(platform, community, unit_id=unit_id(platform, community, "1-1-101"))
    rows = [list(row) for row in SMALL]
    rows[0][5:8] = REN
    do_import(platform, community, workbook(rows))
    with pytest.raises(activation.WrongLetter):
        use(platform, community, person, "1-1-101", letter.code)


def test_an_owner_with_an_account_is_not_taken_over_by_a_second_letter(platform: Platform) -> None:
    community, first, second = a_register(platform), a_person(platform), a_person(platform, "别人")
    found = {letter.unit_label: letter for letter in letters(platform, community)}
    use(platform, community, first, "1-1-102", found["1栋1单元102"].code)
    with pytest.raises(activation.BoundToAnother):
        use(platform, community, second, "1-1-201", found["1栋1单元201"].code)


# ---------------------------------------------------------------------------------------------------------- phones


def claim(platform: Platform, community: str, person: str, room: str, name: str) -> None:
    with platform.database.writing() as session:
        activation.claim(session, platform.keys, community, person_id=person, room=room, name=name, now=platform.now())


def test_the_phone_of_the_register_with_room_and_name_makes_v1(platform: Platform) -> None:
    community = a_register(platform)
    person = officer(platform, None, None, name="", phone=KANG[2])
    with platform.database.reading() as session:
        assert phones.knows_phone(session, platform.keys, KANG[2])
        assert not phones.knows_phone(session, platform.keys, "19900009999")
        assert [owner.name for owner in activation.claimable(session, platform.keys, community, person)] == [KANG[0]]
    claim(platform, community, person, "1栋1单元201", "康 霞远")
    assert level(platform, community, person) is V1
    with platform.database.reading() as session:
        assert accounts.person(session, person).name == KANG[0]
        assert len(service.ownerships_of(session, community, person)) == 2


@pytest.mark.parametrize(("room", "name"), [("1-1-101", KANG[0]), ("1-1-102", PING[0]), ("9-9-9", KANG[0])])
def test_the_phone_with_a_wrong_room_or_name_makes_nothing(platform: Platform, room: str, name: str) -> None:
    community = a_register(platform)
    person = officer(platform, None, None, name="", phone=KANG[2])
    with pytest.raises(activation.WrongClaim):
        claim(platform, community, person, room, name)
    assert level(platform, community, person) is V0


def test_a_phone_that_two_owners_gave_is_settled_by_room_and_name(platform: Platform) -> None:
    rows = [list(row) for row in SMALL]
    rows[1][7] = PING[2]
    rows[2][7] = PING[2]
    community = a_register(platform, rows=rows)
    person = officer(platform, None, None, name="", phone=PING[2])
    claim(platform, community, person, "1-1-101", PING[0])
    with platform.database.reading() as session:
        assert [one.unit.code for one in service.ownerships_of(session, community, person)] == ["1-1-101"]


# ------------------------------------------------------------------------------------------------------------ desk


def test_two_officers_make_v2_and_both_are_recorded(platform: Platform) -> None:
    community = a_register(platform)
    first, second = two_officers(platform, community)
    check_id = check(platform, community, KANG[0], KANG[2], first)
    confirm(platform, community, check_id, second)
    with platform.database.reading() as session:
        person = accounts.find_by_phone(session, platform.keys, KANG[2])
        assert person is not None
        assert service.identity_level(session, community, person.id) is V2
        rows = [one.ownership for one in service.ownerships_of(session, community, person.id)]
        assert [row.checked_by for row in rows] == [[first, second]] * 2
        assert verify(platform, session, community) == []


def test_one_officer_alone_makes_nothing(platform: Platform) -> None:
    community = a_register(platform)
    first, _ = two_officers(platform, community)
    check_id = check(platform, community, KANG[0], KANG[2], first)
    with pytest.raises(desk.SameOfficer):
        confirm(platform, community, check_id, first)
    with platform.database.reading() as session:
        assert accounts.find_by_phone(session, platform.keys, KANG[2]) is None


def test_an_officer_who_owns_cannot_check_themselves_in_either_seat(platform: Platform) -> None:
    community = a_register(platform)
    first, second = two_officers(platform, community)
    ping = officer(platform, None, None, name=PING[0], phone=PING[2])
    confirm(platform, community, check(platform, community, PING[0], PING[2], first), second)
    with pytest.raises(desk.OwnCase):
        check(platform, community, PING[0], PING[2], ping)
    again = check(platform, community, PING[0], PING[2], first)
    with pytest.raises(desk.OwnCase):
        confirm(platform, community, again, ping)
    grab = check(platform, community, KANG[0], "19900001001", first)
    with pytest.raises(desk.OwnCase):
        confirm(platform, community, grab, second)


def test_a_lost_phone_moves_the_owner_to_the_account_of_the_new_one_and_leaves_the_old_account_alone(
    platform: Platform,
) -> None:
    community = a_register(platform)
    first, second = two_officers(platform, community)
    confirm(platform, community, check(platform, community, KANG[0], KANG[2], first), second)
    confirm(platform, community, check(platform, community, KANG[0], "19900008888", first), second)
    with platform.database.reading() as session:
        old = accounts.find_by_phone(session, platform.keys, KANG[2])
        new = accounts.find_by_phone(session, platform.keys, "19900008888")
        assert old is not None
        assert new is not None
        assert not service.ownerships_of(session, community, old.id)
        assert service.identity_level(session, community, new.id) is V2
        assert phones.knows_phone(session, platform.keys, "19900008888")
        assert not phones.knows_phone(session, platform.keys, KANG[2])


def test_a_refused_check_changes_nothing_and_is_closed(platform: Platform) -> None:
    community = a_register(platform)
    first, second = two_officers(platform, community)
    check_id = check(platform, community, KANG[0], KANG[2], first)
    with platform.database.writing() as session:
        desk.refuse(session, community, check_id=check_id, by=second, reason="人证不符", now=platform.now())
    with pytest.raises(desk.CheckClosed):
        confirm(platform, community, check_id, second)


def test_a_check_needs_a_mobile_number_and_an_owner_of_this_community(platform: Platform) -> None:
    community, other = a_register(platform), a_register(platform, "BSH")
    first, _ = two_officers(platform, community)
    with pytest.raises(NotAMobileNumber):
        check(platform, community, KANG[0], "12345", first)
    check_id = check(platform, community, KANG[0], KANG[2], first)
    with pytest.raises(NotFound):
        confirm(platform, other, check_id, first)


def test_a_new_ownership_of_a_checked_owner_starts_at_v1_and_a_sold_one_ends(
    platform: Platform, clock: FrozenClock
) -> None:
    community = a_register(platform)
    first, second = two_officers(platform, community)
    confirm(platform, community, check(platform, community, PING[0], PING[2], first), second)
    rows = [list(row) for row in SMALL]
    rows[1][5:8] = PING
    clock.advance(days=1)
    do_import(platform, community, workbook(rows))
    with platform.database.reading() as session:
        person = accounts.find_by_phone(session, platform.keys, PING[2])
        assert person is not None
        levels = {one.unit.code: one.ownership.level for one in service.ownerships_of(session, community, person.id)}
        assert levels == {"1-1-101": "V2", "1-1-102": "V1"}
    rows[0][5:8] = rows[1][5:8] = REN
    clock.advance(days=1)
    do_import(platform, community, workbook(rows))
    with platform.database.reading() as session:
        assert not service.owns_today(session, community, person.id, today(platform.now()))
        assert service.owns_today(session, community, person.id, today(platform.now() - timedelta(days=1)))


# ------------------------------------------------------------------------------------------------- for other rooms


def test_the_roll_has_every_head_once_with_its_units_area_and_owners(platform: Platform) -> None:
    community = a_register(platform)
    person = officer(platform, None, None, name="", phone=KANG[2])
    claim(platform, community, person, "1-1-102", KANG[0])
    with platform.database.writing() as session:
        roll = service.roll(session, community)
        totals = service.totals(session, community)
    assert sum(elector.heads for elector in roll) == totals.heads == 3
    assert sum(elector.area_centi for elector in roll) == totals.area == 47400
    kang = next(elector for elector in roll if elector.owners[0].name == KANG[0])
    assert kang.units == (("1栋1单元102", 10454), ("1栋1单元201", 8746))
    assert kang.unit_ids == (unit_id(platform, community, "1-1-102"), unit_id(platform, community, "1-1-201"))
    assert (kang.owners[0].person_id, kang.owners[0].level) == (person, V1)
    developer = next(elector for elector in roll if elector.developer)
    assert [owner.name for owner in developer.owners] == [DEVELOPER[0]]
    assert [elector.elector_id for elector in roll] == sorted(elector.elector_id for elector in roll)


def test_one_community_knows_nothing_of_another(platform: Platform) -> None:
    community, other, person = a_register(platform), a_register(platform, "BSH", SMALL[:1]), a_person(platform)
    [letter] = letters(platform, community, unit_id=unit_id(platform, community, "1-1-101"))
    use(platform, community, person, "1-1-101", letter.code)
    with platform.database.reading() as session:
        assert service.totals(session, other).units == 1
        assert not service.ownerships_of(session, other, person)
        assert not service.owns_today(session, other, person, today(platform.now()))
        assert service.identity_level(session, other, person) is V0
        assert service.elector_of(session, other, person) == []
        assert all(row.level == "V0" for row in session.query(Ownership).where(Ownership.community_id == other))
