"""People, codes, passwords and sessions on both engines."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.accounts import rules, service, signing_in
from hoa.accounts.room import ROOM
from hoa.accounts.tables import AdministratorCode, Attempt, LoginCode, LoginSession, Person
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import NotFound
from hoa.kernel.identifiers import NotAMobileNumber
from hoa.platform import Platform

PHONE = "19900001234"


def a_person(platform: Platform, phone: str = PHONE, name: str = "和豪") -> str:
    with platform.database.writing() as session:
        return service.create_person(session, platform.keys, name=name, phone=phone, now=platform.now()).id


def a_trial(
    platform: Platform, purpose: str = "code", account: str = PHONE, address: str = "10.0.0.1"
) -> signing_in.Trial:
    with platform.database.writing() as session:
        return signing_in.begin_trial(
            session, platform.keys, purpose=purpose, account=account, address=address, now=platform.now()
        )


def asked(platform: Platform, *, known: bool = True, phone: str = PHONE) -> signing_in.AskedCode:
    trial = a_trial(platform, "code-request", phone)
    with platform.database.writing() as session:
        return signing_in.ask_code(session, platform.keys, trial, phone=phone, known=known, now=platform.now())


def redeem(platform: Platform, code_id: str, code: str, **trial: str) -> str:
    begun = a_trial(platform, **trial)
    with platform.database.writing() as session:
        return signing_in.redeem_code(session, platform.keys, begun, code_id=code_id, code=code, now=platform.now())


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# ----------------------------------------------------------------------------------------------------------- people


def test_a_person_is_found_by_phone_however_it_is_written(platform: Platform) -> None:
    person_id = a_person(platform)
    with platform.database.reading() as session:
        found = service.find_by_phone(session, platform.keys, "+86 199-0000-1234")
        assert found is not None
        assert found.id == person_id
        assert service.phone_of(session, platform.keys, person_id) == PHONE
        assert service.find_by_phone(session, platform.keys, "19900009999") is None
        with pytest.raises(NotAMobileNumber):
            service.find_by_phone(session, platform.keys, "12")


def test_the_database_tells_neither_phone_nor_id_number(platform: Platform) -> None:
    number = _id_number()
    with platform.database.writing() as session:
        person = service.create_person(
            session, platform.keys, name="和豪", phone=PHONE, identity=number, now=platform.now()
        )
    stored = repr([getattr(person, column.key) for column in Person.__table__.columns])
    assert PHONE not in stored
    assert number not in stored
    assert person.identity_mac
    assert person.identity_sealed
    opened = platform.keys.open(service.IDENTITY, person.identity_sealed, person.id.encode())
    assert opened.decode() == number


def _id_number() -> str:
    """An ID number of the unassigned region 990000 with its check character."""
    first = "99000019550101001"
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True))
    return first + "0123456789X"[(1 - total) % 11]


def test_the_same_phone_is_the_same_person(platform: Platform) -> None:
    person_id = a_person(platform)
    with platform.database.writing() as session:
        again = service.person_for_phone(session, platform.keys, phone=PHONE, name="别名", now=platform.now())
        assert (again.id, again.name) == (person_id, "和豪")
        other = service.person_for_phone(session, platform.keys, phone="19900005678", name=" 王五 ", now=platform.now())
        assert (other.id != person_id, other.name) == (True, "王五")
        with pytest.raises(rules.PhoneTaken):
            service.create_person(session, platform.keys, name="王五", phone=PHONE, now=platform.now())


def test_a_person_may_have_no_phone(platform: Platform) -> None:
    with platform.database.writing() as session:
        person = service.create_person(session, platform.keys, name="和豪", now=platform.now())
        assert service.phone_of(session, platform.keys, person.id) is None
        with pytest.raises(NotFound):
            service.person(session, "nobody")


def test_a_newcomer_gets_a_name_once(platform: Platform) -> None:
    person_id = a_person(platform, name="")
    with platform.database.writing() as session:
        for name in (" 和豪 ", "别名"):
            service.person_for_phone(session, platform.keys, phone=PHONE, name=name, now=platform.now())
        assert service.person(session, person_id).name == "和豪"


# ------------------------------------------------------------------------------------------------------------ codes


def test_tries_sent_all_at_once_cannot_outrun_the_count(platform: Platform) -> None:
    code = asked(platform)
    assert code.code is not None
    wrong_code, barrier = wrong(code.code), threading.Barrier(12)

    def guess(_number: int) -> str:
        barrier.wait()
        try:
            redeem(platform, code.id, wrong_code)
        except (rules.WrongCode, rules.TooManyTries) as refusal:
            return type(refusal).__name__
        return "in"

    with ThreadPoolExecutor(12) as pool:
        answers = Counter(pool.map(guess, range(12)))
    assert answers["WrongCode"] <= rules.MOST_TRIES
    assert answers["WrongCode"] + answers["TooManyTries"] == 12


def test_the_right_code_proves_the_phone_once(platform: Platform) -> None:
    code = asked(platform)
    assert code.code is not None
    with platform.database.reading() as session:
        assert signing_in.phone_of_code(session, platform.keys, code.id, now=platform.now()) == PHONE
    assert redeem(platform, code.id, code.code) == PHONE
    with pytest.raises(rules.WrongCode):
        redeem(platform, code.id, code.code)
    with platform.database.reading() as session:
        assert signing_in.phone_of_code(session, platform.keys, code.id, now=platform.now()) is None
        assert signing_in.phone_of_code(session, platform.keys, "nothing", now=platform.now()) is None


def test_a_code_lives_five_minutes(platform: Platform, clock: FrozenClock) -> None:
    first, second = asked(platform), asked(platform)
    assert first.code is not None
    assert second.code is not None
    clock.advance(minutes=4, seconds=59)
    assert redeem(platform, first.id, first.code) == PHONE
    clock.advance(seconds=1)
    with pytest.raises(rules.WrongCode):
        redeem(platform, second.id, second.code)


def test_a_code_belongs_to_the_browser_that_asked_for_it(platform: Platform) -> None:
    first, second = asked(platform), asked(platform)
    assert second.code is not None
    if first.code != second.code:
        with pytest.raises(rules.WrongCode):
            redeem(platform, first.id, second.code)
    assert redeem(platform, second.id, second.code) == PHONE


def test_for_an_unknown_phone_no_code_will_do(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "new_code", lambda _digits: "123456")
    unknown = asked(platform, known=False)
    assert unknown.code is None
    with pytest.raises(rules.WrongCode):
        redeem(platform, unknown.id, "123456")
    with platform.database.reading() as session:
        row = session.scalars(select(LoginCode)).one()
        assert len(row.code_hash) == 64
        assert "123456" not in row.code_hash


@pytest.mark.parametrize("shared", ["account", "address"])
def test_five_wrong_tries_close_the_account_and_the_address_for_a_while(
    platform: Platform, clock: FrozenClock, shared: str
) -> None:
    code = asked(platform)
    assert code.code is not None
    for number in range(rules.MOST_TRIES):
        other = {"account": PHONE, "address": f"10.0.0.{number}"}
        if shared == "address":
            other = {"account": f"1990000{number:04d}", "address": "10.0.0.99"}
        with pytest.raises(rules.WrongCode):
            redeem(platform, code.id, wrong(code.code), **other)
        clock.advance(seconds=20)
    last = {"account": PHONE, "address": "10.9.9.9" if shared == "account" else "10.0.0.99"}
    with pytest.raises(rules.TooManyTries) as caught:
        redeem(platform, code.id, code.code, **last)
    assert caught.value.params == {"minutes": 14}
    clock.advance(minutes=15)
    fresh = asked(platform)
    assert fresh.code is not None
    assert redeem(platform, fresh.id, fresh.code, **last) == PHONE


def test_right_codes_are_not_counted(platform: Platform, clock: FrozenClock) -> None:
    for _ in range(3):
        for _ in range(3):
            code = asked(platform)
            assert code.code is not None
            assert redeem(platform, code.id, code.code) == PHONE
        clock.advance(minutes=16)
    with platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt).where(Attempt.purpose == "code")) == 0


def test_a_phone_is_not_flooded_with_codes(platform: Platform, clock: FrozenClock) -> None:
    for _ in range(rules.MOST_REQUESTS_PER_PHONE):
        asked(platform)
    with pytest.raises(rules.AskedTooOften):
        asked(platform)
    asked(platform, phone="19900005678")
    clock.advance(minutes=15)
    asked(platform)


# -------------------------------------------------------------------------------------------------------- passwords


def test_a_password_opens_only_its_own_account(platform: Platform) -> None:
    person_id, keys = a_person(platform), platform.keys
    a_person(platform, phone="19900005678", name="王五")
    with platform.database.reading() as session:
        hashed = signing_in.hash_password(session, keys, person_id=person_id, password="correct horse")
        assert signing_in.is_password(session, person_id=person_id, password="")
        assert not signing_in.is_password(session, person_id=person_id, password="correct horse")
    with platform.database.writing() as session:
        signing_in.set_password(session, person_id=person_id, password_hash=hashed, keep="", now=platform.now())
    with platform.database.reading() as session:
        assert signing_in.check_password(session, keys, phone=PHONE, password="correct horse") == person_id
        assert signing_in.is_password(session, person_id=person_id, password="correct horse")
        assert not signing_in.is_password(session, person_id=person_id, password="")
        for phone, password in (
            (PHONE, "Correct horse"),
            ("19900005678", "correct horse"),
            ("19900009999", "correct horse"),
            ("12", "correct horse"),
        ):
            with pytest.raises(rules.WrongPassword):
                signing_in.check_password(session, keys, phone=phone, password=password)


def test_a_weak_password_is_refused_before_it_is_hashed(platform: Platform) -> None:
    person_id = a_person(platform)
    with platform.database.reading() as session, pytest.raises(rules.PasswordTooCommon):
        signing_in.hash_password(session, platform.keys, person_id=person_id, password=PHONE)


def test_a_damaged_hash_lets_nobody_in(platform: Platform) -> None:
    person_id = a_person(platform)
    with platform.database.writing() as session:
        service.person(session, person_id).password_hash = "damaged"
    with platform.database.reading() as session, pytest.raises(rules.WrongPassword):
        signing_in.check_password(session, platform.keys, phone=PHONE, password="damaged")


# --------------------------------------------------------------------------------------------------------- sessions


def begin(platform: Platform, person_id: str, device: str = "Firefox") -> str:
    with platform.database.writing() as session:
        return signing_in.begin_session(session, person_id=person_id, device=device, method="code", now=platform.now())


def session_id(platform: Platform, token: str) -> str:
    with platform.database.reading() as session:
        found = signing_in.find_session(session, token, now=platform.now())
    assert found is not None
    return found[0].id


def test_only_the_hash_of_a_token_is_kept(platform: Platform) -> None:
    token = begin(platform, a_person(platform))
    with platform.database.reading() as session:
        row = session.scalars(select(LoginSession)).one()
        assert token not in (row.id, row.token_hash)
        assert signing_in.find_session(session, row.token_hash, now=platform.now()) is None


def test_an_ended_or_forgotten_session_is_dead(platform: Platform, clock: FrozenClock) -> None:
    person_id = a_person(platform)
    ended, kept, other = (begin(platform, person_id, device) for device in ("a", "b", "c"))
    with platform.database.writing() as session:
        signing_in.end_session(session, person_id=person_id, session_id=session_id(platform, ended), now=platform.now())
    with platform.database.reading() as session:
        living = signing_in.sessions_of(session, person_id=person_id, now=platform.now())
        assert {login.device for login in living} == {"b", "c"}
        assert signing_in.find_session(session, ended, now=platform.now()) is None
    with platform.database.writing() as session:
        keep = session_id(platform, kept)
        assert signing_in.end_other_sessions(session, person_id=person_id, keep=keep, now=platform.now()) == 1
    clock.advance(days=29)
    with platform.database.writing() as session:
        signing_in.touch_session(session, session_id=session_id(platform, kept), now=platform.now())
    clock.advance(days=29)
    with platform.database.reading() as session:
        assert signing_in.find_session(session, kept, now=platform.now()) is not None
        assert signing_in.find_session(session, other, now=platform.now()) is None
    clock.advance(days=1)
    with platform.database.reading() as session:
        assert signing_in.find_session(session, kept, now=platform.now()) is None
        assert not signing_in.sessions_of(session, person_id=person_id, now=platform.now())


def test_nobody_ends_somebody_elses_session(platform: Platform) -> None:
    token = begin(platform, a_person(platform))
    stranger = a_person(platform, phone="19900005678")
    with platform.database.writing() as session, pytest.raises(NotFound):
        signing_in.end_session(session, person_id=stranger, session_id=session_id(platform, token), now=platform.now())
    assert session_id(platform, token)


def test_what_has_served_its_time_is_forgotten(platform: Platform, clock: FrozenClock) -> None:
    person_id = a_person(platform)
    asked(platform)
    ended, living = begin(platform, person_id), begin(platform, person_id)
    with platform.database.writing() as session:
        signing_in.end_session(session, person_id=person_id, session_id=session_id(platform, ended), now=platform.now())
        signing_in.tidy(session, now=platform.now())
        assert session.scalar(select(func.count()).select_from(Attempt)) == 2
    for _ in range(4):
        clock.advance(days=25)
        with platform.database.writing() as session:
            signing_in.touch_session(session, session_id=session_id(platform, living), now=platform.now())
    with platform.database.writing() as session:
        signing_in.tidy(session, now=platform.now())
    with platform.database.reading() as session:
        for table, left in ((Attempt, 0), (LoginCode, 0), (LoginSession, 1)):
            assert session.scalar(select(func.count()).select_from(table)) == left
    clock.advance(days=271)
    with platform.database.writing() as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 1
    (periodic,) = ROOM.periodic
    periodic.run(platform)
    with platform.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 0


# ----------------------------------------------------------------------------------------- the first administrator


def test_the_code_of_the_first_start_makes_one_administrator(platform: Platform, clock: FrozenClock) -> None:
    with platform.database.writing() as session:
        first = service.create_administrator_code(session, now=platform.now())
    with platform.database.writing() as session:
        code = service.create_administrator_code(session, now=platform.now())
        assert first is not None
        assert code is not None
        with pytest.raises(rules.WrongSetupCode):
            redeem_setup(platform, session, first)
        person = redeem_setup(platform, session, f" {code.upper().replace('-', ' ')} ")
        assert person.is_platform_administrator
        with pytest.raises(rules.WrongSetupCode):
            redeem_setup(platform, session, code)
        assert service.create_administrator_code(session, now=platform.now()) is None
        assert code not in session.scalars(select(AdministratorCode)).one().code_hash


def redeem_setup(platform: Platform, session: Session, code: str) -> Person:
    return service.redeem_administrator_code(
        session, platform.keys, code=code, name="和豪", phone=PHONE, now=platform.now()
    )


def test_the_code_of_the_first_start_lives_a_day(platform: Platform, clock: FrozenClock) -> None:
    with platform.database.writing() as session:
        code = service.create_administrator_code(session, now=platform.now())
        assert code is not None
        clock.advance(days=1)
        with pytest.raises(rules.WrongSetupCode):
            redeem_setup(platform, session, code)
        assert timedelta(days=1) == rules.SETUP_LIFE


def test_preferences_are_kept_with_the_person(platform: Platform) -> None:
    person_id = a_person(platform)
    with platform.database.writing() as session:
        service.set_preferences(session, person_id=person_id, locale="en", senior=2)
    with platform.database.reading() as session:
        person = service.person(session, person_id)
        assert (person.locale, person.senior) == ("en", 2)
