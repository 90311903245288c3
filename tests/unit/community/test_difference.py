"""What a file would change is told before anything is written."""

from dataclasses import replace

from hoa.community.difference import OwnerState, UnitState, compare
from hoa.community.rules import Areas, Kind, Status

A = OwnerState("key-a", "平志晓", phone_key="p1")
B = OwnerState("key-b", "任娜琪")


def state(room: str, *owners: OwnerState, area: int = 8746) -> UnitState:
    return UnitState(
        f"1-{room}", "1栋", "", room, f"1栋{room}", Kind.FLAT, Status.DELIVERED, Areas(area), owners or (A,)
    )


def test_the_same_file_changes_nothing() -> None:
    units = [state("101"), state("102", B)]
    difference = compare(units, units)
    assert not difference.changes_anything(remove_missing=True)
    assert difference.unchanged == 2
    assert difference.before == difference.after_keeping == difference.after_removing


def test_added_changed_and_missing_units_are_told_apart() -> None:
    difference = compare([state("101"), state("102")], [state("101", area=9000), state("103", B)])
    assert [unit.code for unit in difference.added] == ["1-103"]
    assert [change.after.code for change in difference.changed] == ["1-101"]
    assert [unit.code for unit in difference.missing] == ["1-102"]
    assert difference.after_keeping.units == 3
    assert difference.after_removing.units == 2
    assert difference.after_removing.area == 9000 + 8746
    change = difference.changed[0].fields[0]
    assert (change.name, change.before, change.after) == ("不动产登记面积", "87.46 m²", "90.00 m²")


def test_an_area_that_the_file_does_not_know_is_kept() -> None:
    before = replace(state("101"), areas=Areas(8746, None, None))
    difference = compare([before], [replace(before, areas=Areas(None, 8800, None))])
    assert difference.changed[0].after.areas == Areas(8746, 8800, None)
    assert difference.after_keeping.area == 8746


def test_a_transfer_is_told_by_names_and_a_new_phone_without_showing_it() -> None:
    sold = compare([state("101", A)], [state("101", B)]).changed[0]
    assert sold.transfers
    assert [(f.name, f.before, f.after) for f in sold.fields] == [("业主", "平志晓", "任娜琪")]
    called = compare([state("101", A)], [state("101", replace(A, phone_key="p2"))]).changed[0]
    assert not called.transfers
    assert [(f.name, f.words) for f in called.fields] == [("联系电话", True)]


def test_a_file_without_phones_or_shares_does_not_ask_to_forget_them() -> None:
    standing = state("101", replace(A, share="60%"), replace(B, share="40%"))
    silent = state("101", replace(A, phone_key=None), B)
    assert not compare([standing], [silent]).changed


def test_status_and_use_are_compared_as_words_to_be_translated() -> None:
    difference = compare([state("101")], [replace(state("101"), status=Status.UNSOLD, kind=Kind.SHOP)])
    assert [(f.before, f.after, f.words) for f in difference.changed[0].fields] == [
        ("住宅", "商铺", True),
        ("已交付", "未售", True),
    ]
