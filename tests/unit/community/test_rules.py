"""Heads and areas: 司法解释 8 and 9, with the worked example of rules.md R1.14."""

from hypothesis import given
from hypothesis import strategies as st

from hoa.community.rules import AreaBasis, Areas, Holding, Kind, Status, developer_owners, electors, totals

DELIVERED, UNSOLD, UNDELIVERED = Status.DELIVERED, Status.UNSOLD, Status.UNDELIVERED


def unit(
    name: str, owners: str, *, status: Status = DELIVERED, area: int = 10000, kind: Kind = Kind.FLAT, company: str = ""
) -> Holding:
    people = frozenset(owners.split())
    return Holding(name, name, kind, status, area, people, frozenset(company.split()))


def test_the_example_of_a_hundred_units_makes_59_persons() -> None:
    units = [unit(f"d{n}", "dev", status=UNSOLD) for n in range(40)]
    units += [unit(f"x{n}", "X") for n in range(3)]
    units += [unit(f"o{n}", f"o{n}") for n in range(57)]
    found = totals(units)
    assert (found.units, found.area, found.heads) == (100, 1_000_000, 59)
    assert (found.developer_units, found.developer_area) == (40, 400_000)
    assert not found.reachable_without_developer


def test_the_same_set_of_owners_is_one_head_and_another_set_is_another() -> None:
    heads = electors([unit("a", "X"), unit("b", "X Y"), unit("c", "Y X"), unit("d", "Y")])
    by_units = {tuple(u.unit for u in head.units) for head in heads}
    assert by_units == {("a",), ("b", "c"), ("d",)}


def test_unsold_and_undelivered_parts_are_together_one_head_whoever_is_named() -> None:
    units = [
        unit("a", "dev", status=UNSOLD),
        unit("b", "buyer", status=UNDELIVERED),
        unit("c", "buyer"),
    ]
    heads = {head.developer: head for head in electors(units)}
    assert [u.unit for u in heads[True].units] == ["a", "b"]
    assert heads[True].owners == {"dev"}
    assert heads[True].area == 20000
    assert [u.unit for u in heads[False].units] == ["c"]


def test_what_the_developer_keeps_for_itself_joins_its_one_head() -> None:
    heads = electors([unit("a", "dev", status=UNSOLD), unit("b", "dev")])
    assert len(heads) == 1
    assert heads[0].developer


def test_without_unsold_parts_the_developer_is_the_company_on_undelivered_ones() -> None:
    units = [unit("a", "dev", status=UNDELIVERED, company="dev"), unit("b", "buyer", status=UNDELIVERED)]
    assert developer_owners(units) == {"dev"}
    assert len(electors(units)) == 1


def test_parking_counts_only_where_the_rules_say_so_and_makes_no_second_head() -> None:
    units = [
        unit("a", "X"),
        unit("p1", "X", kind=Kind.PARKING, area=1200),
        unit("b", "Y Z"),
        unit("p2", "Y", kind=Kind.PARKING, area=1300),
        unit("p3", "W", kind=Kind.PARKING, area=1400),
    ]
    without = totals(units)
    assert (without.units, without.area, without.heads) == (2, 20000, 2)
    counted = totals(units, parking_counts=True)
    assert (counted.units, counted.area, counted.heads) == (5, 23900, 3)
    owners = {head.owners: head.area for head in electors(units, parking_counts=True)}
    assert owners == {frozenset("X"): 11200, frozenset("YZ"): 11300, frozenset("W"): 1400}


def test_a_unit_without_a_recorded_owner_is_area_and_a_head_of_its_own() -> None:
    heads = electors([unit("a", ""), unit("b", "")])
    assert len(heads) == 2
    assert all(not head.owners for head in heads)
    assert any("尚未登记业主" in str(reason) for reason in heads[0].why)


def test_the_reasons_name_the_article_and_carry_their_numbers() -> None:
    head = electors([unit("a", "X Y"), unit("b", "Y X")])[0]
    said = [str(reason) for reason in head.why]
    assert "2 个专有部分按一人计算" in said[0]
    assert "司法解释第九条" in said[0]
    assert "由 2 人共有" in said[1]


def test_the_registered_area_counts_before_the_survey_and_the_contract() -> None:
    assert (Areas(1, 2, 3).counted, Areas(1, 2, 3).basis) == (1, AreaBasis.REGISTERED)
    assert (Areas(None, 2, 3).counted, Areas(None, 2, 3).basis) == (2, AreaBasis.SURVEYED)
    assert (Areas(None, None, 3).counted, Areas(None, None, 3).basis) == (3, AreaBasis.CONTRACT)
    assert Areas().counted == 0


def test_two_thirds_without_the_developer_are_reached_exactly_or_not() -> None:
    units = [unit("d", "dev", status=UNSOLD, area=5000), unit("a", "A", area=5000), unit("b", "B", area=5000)]
    assert totals(units).reachable_without_developer
    assert not totals([*units, unit("e", "dev", status=UNSOLD, area=1)]).reachable_without_developer


people = st.sets(st.sampled_from("ABCDE"), max_size=3).map(lambda names: " ".join(sorted(names)))
holdings = st.lists(
    st.builds(
        lambda owners, status, kind, area: (owners, status, kind, area),
        people,
        st.sampled_from(Status),
        st.sampled_from(Kind),
        st.integers(1, 10**6),
    ),
    max_size=12,
).map(lambda rows: [unit(f"u{n}", o, status=s, kind=k, area=a) for n, (o, s, k, a) in enumerate(rows)])


@given(holdings, st.booleans())
def test_every_counted_unit_belongs_to_exactly_one_head_and_no_area_is_lost(
    units: list[Holding], parking_counts: bool
) -> None:
    heads = electors(units, parking_counts=parking_counts)
    counted = [u for u in units if parking_counts or u.kind is not Kind.PARKING]
    assert sorted(u.unit for head in heads for u in head.units) == sorted(u.unit for u in counted)
    found = totals(units, parking_counts=parking_counts)
    assert found.area == sum(head.area for head in heads)
    assert found.heads == len(heads) == len({head.id for head in heads})


@given(holdings, st.randoms())
def test_the_order_of_the_register_does_not_matter(units: list[Holding], random: object) -> None:
    shuffled = list(units)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def shape(found: object) -> object:
        return [(head.id, head.area, sorted(u.unit for u in head.units)) for head in found]  # type: ignore[attr-defined]

    assert shape(electors(units)) == shape(electors(shuffled))
