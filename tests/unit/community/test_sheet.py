"""Reading a register: the samples exactly, and what people really type."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from hoa.community import sheet, workbook
from hoa.community.entries import Reading
from hoa.community.rules import AreaBasis, Kind, Status

DATA = Path(__file__).resolve().parents[2] / "data"
HEAD = ("楼栋", "单元", "房号", "用途", "建筑面积", "业主姓名", "证件号码", "联系电话", "交付状态")
ID_A, ID_B = "990000193907071644", "99000019760410438X"
COMPANY = "91990000MA0009001C"
GOOD = ("1栋", "1单元", "101", "住宅", 87.46, "平志晓", ID_A, "19900000165", "已交付")


def a_book(tmp_path: Path, rows: Sequence[Sequence[object]], *, name: str = "book.xlsx") -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "名册"
    for row in rows:
        page.append(list(row))
    path = tmp_path / name
    book.save(path)
    return path


def read(tmp_path: Path, *rows: Sequence[object], head: Sequence[object] = HEAD) -> Reading:
    return sheet.read(a_book(tmp_path, [head, *rows]))


def changed(**cells: object) -> tuple[object, ...]:
    """The good row with some cells changed, by heading."""
    return tuple(cells.get(heading, value) for heading, value in zip(HEAD, GOOD, strict=True))


def places(reading: Reading) -> list[str]:
    return [f"{problem.column}{problem.row}" for problem in reading.errors]


def test_the_sample_register_gives_exactly_what_is_expected_of_it() -> None:
    expected = json.loads((DATA / "register.expected.json").read_text(encoding="utf-8"))
    reading = sheet.read(DATA / "register.xlsx")
    totals = reading.totals()
    assert not reading.errors
    assert not reading.warnings
    assert (totals.units, totals.area, totals.heads) == (
        expected["units"],
        expected["area_centi_m2"],
        expected["heads"],
    )
    assert totals.developer_units == expected["developer_units"]
    assert totals.coowned_units == expected["coowned_units"]


def test_the_spoiled_copy_names_every_fault_by_its_cell_and_one_warning() -> None:
    reading = sheet.read(DATA / "register-spoiled.xlsx")
    assert places(reading) == ["F10", "F20", "F30", "G40", "D50", "H60", "B80", "J90", "F100", "F516"]
    assert {problem.sheet for problem in reading.errors} == {"业主清册"}
    assert [f"{problem.column}{problem.row}" for problem in reading.warnings] == ["I70"]
    assert "51" in str(reading.errors[4])
    assert all(len(str(problem)) > 8 and "%(" not in str(problem) for problem in reading.errors)


def test_full_width_numbers_units_spaces_and_lower_case_check_letters_are_understood(tmp_path: Path) -> None:
    row = (
        "１栋",
        " 1单元 ",
        301.0,
        "住宅",
        " ８７．４６㎡ ",
        " 葛 伟怡 ",
        "99000019760410438x",
        "199-0000 0441",
        "已交付",
    )
    reading = read(tmp_path, row)
    assert not reading.errors
    unit = reading.units[0]
    assert (unit.code, unit.label, unit.areas.registered) == ("1-1-301", "1栋1单元301", 8746)
    owner = unit.owners[0]
    assert (owner.name, owner.identifier, owner.phone) == ("葛伟怡", ID_B, "19900000441")


def test_columns_may_stand_in_any_order_under_titles_and_other_words(tmp_path: Path) -> None:
    rows: list[Sequence[object]] = [
        ("某小区业主清册",),
        ("导出日期 2026-10-31", None, "单位：平方米"),
        ("产权人", "手机", "身份证号", "门牌号", "幢号", "产权面积（㎡）", "房屋状态"),
        ("平志晓", "19900000165", ID_A, "101", "1", "87.46", "已交房"),
    ]
    reading = sheet.read(a_book(tmp_path, rows))
    assert not reading.errors
    assert reading.units[0].label == "1-101"
    assert reading.units[0].areas.registered == 8746


def test_each_area_column_is_kept_apart_and_the_registered_one_counts(tmp_path: Path) -> None:
    head = ("楼栋", "房号", "业主", "登记面积", "实测面积", "合同面积")
    reading = read(tmp_path, ("1", "101", "平志晓", 87.46, 87.5, 88), ("1", "102", "康霞", None, 90, 91), head=head)
    first, second = (unit.areas for unit in reading.units)
    assert (first.registered, first.surveyed, first.contract) == (8746, 8750, 8800)
    assert (first.counted, first.basis) == (8746, AreaBasis.REGISTERED)
    assert (second.counted, second.basis) == (9000, AreaBasis.SURVEYED)


def test_an_area_column_that_does_not_say_its_basis_takes_the_one_chosen(tmp_path: Path) -> None:
    reading = sheet.read(a_book(tmp_path, [HEAD, GOOD]), basis=AreaBasis.CONTRACT)
    assert reading.units[0].areas.contract == 8746
    assert reading.units[0].areas.registered is None


def test_coowners_by_any_separator_are_paired_with_their_numbers_and_phones(tmp_path: Path) -> None:
    cells = {"业主姓名": "平志晓、任娜琪", "证件号码": f"{ID_A}/990000197609071652", "联系电话": "，19900000166"}
    reading = read(tmp_path, changed(**cells))
    assert not reading.errors
    assert [owner.identifier for owner in reading.units[0].owners] == [ID_A, "990000197609071652"]
    assert reading.totals().coowned_units == 1


@pytest.mark.parametrize(
    ("heading", "value", "place"),
    [
        ("建筑面积", "八十七", "E2"),
        ("建筑面积", 0, "E2"),
        ("建筑面积", "87.465", "E2"),
        ("建筑面积", "=40+47", "E2"),
        ("业主姓名", None, "F2"),
        ("证件号码", "12345", "G2"),
        ("证件号码", ID_A[:-1] + "5", "G2"),
        ("证件号码", 990000193907071644, "G2"),
        ("证件号码", f"{ID_A}、{ID_B}", "G2"),
        ("房号", None, "C2"),
        ("楼栋", None, "A2"),
        ("用途", "宇宙飞船", "D2"),
        ("交付状态", "也许", "I2"),
        ("交付状态", None, "I2"),
        ("房号", "x" * 61, "C2"),
    ],
)
def test_a_cell_that_cannot_be_right_is_an_error_at_that_cell(
    tmp_path: Path, heading: str, value: object, place: str
) -> None:
    reading = read(tmp_path, changed(**{heading: value}), ("1栋", "1单元", "102", *GOOD[3:]))
    assert places(reading) == [place]
    assert len(reading.units) == 1


def test_a_company_is_told_about_its_credit_code_and_a_person_about_the_id_number(tmp_path: Path) -> None:
    wrong = COMPANY[:-1] + "D"
    reading = read(
        tmp_path,
        changed(业主姓名="重庆梧桐置业有限公司", 证件号码=wrong),
        ("1栋", "1单元", "102", *GOOD[3:6], wrong, *GOOD[7:]),
    )
    assert ["信用代码" in str(reading.errors[0]), "身份证" in str(reading.errors[1])] == [True, True]


def test_a_passport_is_accepted_for_a_person(tmp_path: Path) -> None:
    reading = read(tmp_path, changed(业主姓名="John Smith", 证件号码="E12345678"))
    assert not reading.errors
    assert reading.units[0].owners[0].name == "John Smith"


def test_the_same_certificate_under_two_names_is_an_error_on_the_later_row(tmp_path: Path) -> None:
    reading = read(tmp_path, GOOD, ("1栋", "1单元", "102", "住宅", 90, "别人", ID_A, None, "已交付"))
    assert places(reading) == ["G3"]
    assert "平志晓" in str(reading.errors[0])


def test_one_unit_written_three_ways_is_one_unit_twice_too_many(tmp_path: Path) -> None:
    rows = [("1栋", "1单元", "101"), ("1幢", "一单元", "101室"), ("01号楼", "1", "0101")]
    reading = read(tmp_path, *((*row, *GOOD[3:]) for row in rows))
    assert places(reading) == ["C2"]
    assert "3、4" in str(reading.errors[0])


def test_a_total_that_disagrees_is_an_error_and_one_that_agrees_is_not(tmp_path: Path) -> None:
    right = ("合计", None, None, None, 87.46)
    assert not read(tmp_path, GOOD, right).errors
    wrong = read(tmp_path, GOOD, ("合计", None, None, None, 87.47))
    assert places(wrong) == ["E3"]


def test_a_total_written_as_a_formula_is_only_reported_as_unchecked(tmp_path: Path) -> None:
    reading = read(tmp_path, GOOD, ("合计", None, None, None, "=SUM(E2:E2)"))
    assert not reading.errors
    assert [f"{problem.column}{problem.row}" for problem in reading.warnings] == ["E3"]


def test_subtotals_blank_rows_and_repeated_headers_are_passed_over(tmp_path: Path) -> None:
    reading = read(tmp_path, GOOD, ("小计", None, None, None, 1), (None,), HEAD, ("1栋", "1单元", "102", *GOOD[3:]))
    assert not reading.errors
    assert len(reading.units) == 2


def test_a_building_merged_over_its_rows_belongs_to_each_of_them(tmp_path: Path) -> None:
    path = a_book(tmp_path, [HEAD, GOOD, (None, None, "102", *GOOD[3:]), ("2栋", "1单元", "101", *GOOD[3:])])
    from openpyxl import load_workbook

    book = load_workbook(path)
    book["名册"].merge_cells("A2:A3")
    book["名册"].merge_cells("B2:B3")
    book.save(path)
    reading = sheet.read(path)
    assert not reading.errors
    assert [unit.code for unit in reading.units] == ["1-1-101", "1-1-102", "2-1-101"]


def test_every_missing_column_is_named(tmp_path: Path) -> None:
    reading = read(tmp_path, ("1栋", "1单元", "住宅"), head=("楼栋", "单元", "用途"))
    assert len(reading.errors) == 3
    assert {"房号", "业主姓名", "建筑面积"} == {str(problem.params["heading"]) for problem in reading.errors}


def test_a_workbook_without_a_header_or_without_rows_says_what_to_do(tmp_path: Path) -> None:
    assert "表头" in str(sheet.read(a_book(tmp_path, [("随便", "写写")])).errors[0])
    assert "没有数据" in str(read(tmp_path).errors[0])


def test_without_a_status_or_certificate_column_there_is_a_warning_not_an_error(tmp_path: Path) -> None:
    reading = read(tmp_path, ("1", "101", "平志晓", 87.46), head=("楼栋", "房号", "业主", "面积"))
    assert not reading.errors
    assert reading.units[0].status is Status.DELIVERED
    assert reading.units[0].kind is Kind.FLAT
    assert len(reading.warnings) == 2


def test_owners_without_certificates_are_the_same_only_by_name_and_phone(tmp_path: Path) -> None:
    rows = [
        ("1", "101", "张三", "19900000001"),
        ("1", "102", "张三", "19900000001"),
        ("1", "103", "张三", "19900000002"),
        ("1", "104", "张三", None),
        ("1", "105", "张三", None),
    ]
    head = ("楼栋", "房号", "业主", "电话", "面积")
    reading = read(tmp_path, *((*row, 50) for row in rows), head=head)
    assert reading.totals().heads == 4


# -------------------------------------------------------------------------------------------------- hostile files


def refused(path: Path) -> type[workbook.WorkbookRefused]:
    with pytest.raises(workbook.WorkbookRefused) as caught:
        sheet.read(path)
    assert "%(" not in str(caught.value)
    return type(caught.value)


def with_member(tmp_path: Path, name: str, content: bytes) -> Path:
    """The sample with one more member in its zip."""
    path = tmp_path / "more.xlsx"
    path.write_bytes((DATA / "register.xlsx").read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def test_what_is_no_workbook_is_refused_with_the_way_out(tmp_path: Path) -> None:
    text = tmp_path / "a.xlsx"
    text.write_text("<html>不是表格</html>", encoding="utf-8")
    assert refused(text) is workbook.NotAWorkbook
    old = tmp_path / "b.xlsx"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert refused(old) is workbook.OldOrLockedWorkbook
    other = tmp_path / "c.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refused(other) is workbook.NotAWorkbook


def test_200_mb_in_199_kb_is_refused_before_unpacking(tmp_path: Path) -> None:
    path = with_member(tmp_path, "xl/media/image1.bin", bytes(200 * 1024 * 1024))
    assert path.stat().st_size < 400 * 1024
    assert refused(path) is workbook.WorkbookTooLarge


def test_sizes_that_lie_are_found_out_as_the_bytes_come(tmp_path: Path) -> None:
    path = with_member(tmp_path, "xl/media/image1.bin", bytes(4 * 1024 * 1024))
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\x01\x02")  # the last member's entry in the central directory
    data[place + 24 : place + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    assert refused(path) is workbook.WorkbookDamaged


def test_xml_that_defines_entities_is_refused_in_either_encoding(tmp_path: Path) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert refused(with_member(tmp_path, "xl/extra.xml", bomb.encode())) is workbook.WorkbookSuspicious
    assert refused(with_member(tmp_path, "xl/extra2.xml", bomb.encode("utf-16"))) is workbook.WorkbookSuspicious


def test_a_file_cut_off_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.xlsx"
    path.write_bytes((DATA / "register.xlsx").read_bytes()[:20000])
    assert refused(path) is workbook.NotAWorkbook


def test_an_owner_with_several_phones_in_a_file_keeps_the_first_usable_one(tmp_path: Path) -> None:
    rows = [
        ("1栋", "1单元", room, *GOOD[3:7], phone, "已交付") for room, phone in (("101", None), ("102", "19900000001"))
    ]
    reading = read(tmp_path, *rows, ("1栋", "1单元", "103", *GOOD[3:7], "19900000002", "已交付"))
    assert {unit.owners[0].phone for unit in reading.units} == {"19900000001"}
