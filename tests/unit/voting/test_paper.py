"""Serials that find a slip of the hand; what clerks keyed; sheets on paper."""

import io
import itertools
import subprocess
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.clock import CHINA
from voting.rules import paper
from voting.rules.screens import screens
from voting.service import printing

NAMES = ("林小竹", "何守信", "周永安", "吴清和", "欧阳怀远", "王知行", "冯一诺", "陈思齐", "褚䶮理")
CLOSES = datetime(2026, 11, 5, 18, tzinfo=CHINA)
SERIALS = st.builds(paper.new_serial)


@given(SERIALS)
def test_a_serial_is_read_however_it_was_typed_or_scanned(serial: str):
    bare = serial.replace("-", "")
    for typed in (
        serial,
        bare,
        serial.lower(),
        f" {bare[:4]} {bare[4:]} ",
        f"https://hoa.example/c/W/assemblies/1/s/{serial}",
    ):
        assert paper.read_serial(typed) == serial


@given(SERIALS, st.integers(0, 7), st.sampled_from(paper.SIGNS))
def test_one_wrong_sign_is_found(serial: str, at: int, sign: str):
    bare = serial.replace("-", "")
    wrong = bare[:at] + sign + bare[at + 1 :]
    if wrong != bare:
        with pytest.raises(paper.SerialMistyped):
            paper.read_serial(wrong)


@given(SERIALS)
def test_two_signs_exchanged_are_found(serial: str):
    bare = serial.replace("-", "")
    for first, second in itertools.combinations(range(paper.LENGTH), 2):
        swapped = list(bare)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        if bare[first] != bare[second]:
            with pytest.raises(paper.SerialMistyped):
                paper.read_serial("".join(swapped))


@pytest.mark.parametrize("typed", ["", "7K3M", "7K3M-9QC0", "7K3M9QCXX", "编号", "/", "\x00" * 8])
def test_what_is_no_serial_is_refused_with_how_one_looks(typed: str):
    with pytest.raises(paper.NotASerial) as refused:
        paper.read_serial(typed)
    example = str(refused.value.params["example"])
    assert paper.read_serial(example) == example


def test_a_defect_of_the_whole_sheet_covers_its_motions_and_the_gravest_is_named():
    reading = paper.read_keying(("m1", "m2"), {"m1": "multiple-choice", "m2": "agree"}, ["late", "unsigned"])
    assert paper.rulings(reading) == [("*", "unsigned")]
    motions = paper.read_keying(("m1", "m2"), {"m1": "multiple-choice", "m2": "altered"}, [])
    assert paper.rulings(motions) == [("m1", "multiple-choice"), ("m2", "altered")]
    assert paper.rulings(paper.read_keying(("m1",), {"m1": "blank"}, [])) == []


@pytest.mark.parametrize("marks", [{"m1": "maybe"}, {"m1": "agree", "m9": "agree"}, {"m1": "unsigned"}])
def test_marks_that_nobody_can_make_are_refused(marks: dict[str, str]):
    with pytest.raises(paper.WrongMarks):
        paper.read_keying(("m1",), marks, [])
    with pytest.raises(paper.WrongMarks):
        paper.read_keying(("m1",), {"m1": "agree"}, ["ugly"])


class Asked(NamedTuple):
    code: str
    title: str


def printed(
    motions: int,
    rooms: int,
    *,
    warning: str | None = None,
    elections: Sequence[dict[str, Any]] = (),
) -> tuple[list[str], bytes]:
    """Two electors' sheets, the second with so many rooms; their serials and the PDF. Candidates go before motions."""
    names = {code: name for election in elections for code, name in zip(election["motions"], NAMES, strict=False)}
    asked = [Asked(code, name) for code, name in names.items()]
    asked += [
        Asked(f"n{number}", f"第 {number} 项：是否更换电梯钢丝绳和曳引轮，预算四十八万元？")
        for number in range(motions)
    ]
    serials = [paper.new_serial() for _ in range(2)]
    many = "、".join(f"12 栋 3 单元 {room:02}01" for room in range(1, rooms + 1))
    given_ = {
        "community_name": "梧桐苑",
        "title": "2026 年第 3 次业主大会会议",
        "code": "2026-03",
        "fingerprint": "91ff 440c 7dc0",
        "notice_address": "https://hoa.example/c/WTY/assemblies/2026-03/notice",
        "closes": CLOSES,
        "warning": warning,
        "screens": screens(asked, elections),
        "sheets": [
            printing.Printed(serials[0], None, f"https://hoa.example/s/{serials[0]}", "1 栋 101", 8746),
            printing.Printed(serials[1], serials[0], f"https://hoa.example/s/{serials[1]}", many, 34984),
        ],
    }
    return serials, printing.as_pdf(given_, language="zh-CN", created=CLOSES)


def texts(data: bytes) -> list[str]:
    """The words of each page."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def test_three_motions_fit_one_page_and_twelve_flow_on_with_the_serial_on_each():
    serials, data = printed(3, 8)
    pages = texts(data)
    assert len(pages) == 2
    assert [serials[0] in page for page in pages] == [True, True], "the second one says whom it replaces"
    assert f"代替 {serials[0]}" in pages[1]
    serials, data = printed(12, 8, warning=printing.SILENT_WARNING)
    pages = texts(data)
    assert len(pages) == 4
    assert [serials[number // 2] in page for number, page in enumerate(pages)] == [True] * 4
    for start in (0, 2):
        sheet = pages[start] + pages[start + 1]
        assert sheet.count("同意") >= 12
        assert all(f"第 {number} 项" in sheet for number in range(12))
        assert "回执联" in sheet
        assert "有争议" in sheet


def test_motions_are_printed_in_eighteen_points_or_more():
    _, data = printed(1, 1)
    sizes = set()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for operands, operator in pikepdf.parse_content_stream(pdf.pages[0]):
            if str(operator) == "Tf":
                sizes.add(float(operands[1]))
    # WeasyPrint draws in CSS pixels: 18 pt are 24 of them, and nothing but motions and marks is that large.
    assert max(sizes) >= 18 * 4 / 3


def test_nine_candidates_and_two_motions_fit_one_page_with_the_limit_in_print():
    election = {
        "code": "e1",
        "title": "选举第二届业主委员会委员",
        "body": "owners_committee",
        "seats": 7,
        "minimum": 5,
        "alternates": 2,
        "approve_at_most": 7,
        "rank": "heads-area-lot",
        "motions": [f"m{number}" for number in range(1, 10)],
    }
    serials, data = printed(2, 2, elections=[election])
    pages = texts(data)
    assert [serial in page for serial, page in zip(serials, pages, strict=True)] == [True, True]
    for page in pages:
        assert "最多同意 7 人，超过的整张选举票无效" in page
        places = [page.index(name) for name in NAMES]
        assert places == sorted(places), "the drawn order, whatever the second motion"
        assert "是否更换电梯" in page
        assert "签收人" in page
