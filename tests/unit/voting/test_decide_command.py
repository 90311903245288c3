"""`hoa assembly decide` on the edges of 民法典 278: at the number, one head and 0.01 m² to either side (rules.md R1.1–
R1.3, R1.9)."""

import json

import pytest
from click.testing import CliRunner

from voting.commands import assembly

ROLL = "99/9900.00"
WHOLE = "100/10000.00"


def decided(matter: str, roll: str, participated: str, agreed: str) -> tuple[bool, bool]:
    """(quorum, passed) as the command prints them."""
    arguments = ["decide", "--matter", matter, "--roll", roll, "--participated", participated, "--agreed", agreed]
    done = CliRunner().invoke(assembly, [*arguments, "--json"])
    assert done.exit_code in (0, 1), done.output
    value = json.loads(done.output)
    return value["quorum"], value["passed"]


@pytest.mark.parametrize(
    ("participated", "met"),
    [
        ("66/6600.00", True),
        ("65/6600.00", False),
        ("66/6599.99", False),
        ("67/6600.00", True),
        ("66/6600.01", True),
    ],
)
def test_two_thirds_take_part_by_heads_and_by_area_the_number_included(participated: str, met: bool) -> None:
    assert decided("M5", ROLL, participated, participated) == (met, met)


@pytest.mark.parametrize(
    ("agreed", "passed"),
    [
        ("36/3500.01", True),
        ("35/3500.01", False),
        ("36/3500.00", False),
        ("36/3499.99", False),
        ("35/3500.00", False),
        ("37/3500.02", True),
    ],
)
def test_more_than_half_is_not_half(agreed: str, passed: bool) -> None:
    assert decided("M5", WHOLE, "70/7000.00", agreed) == (True, passed)


@pytest.mark.parametrize(
    ("agreed", "passed"),
    [
        ("51/5100.00", True),
        ("50/5100.00", False),
        ("51/5099.99", False),
        ("52/5100.01", True),
    ],
)
@pytest.mark.parametrize("matter", ["M6", "M7", "M8"])
def test_three_quarters_include_the_number(matter: str, agreed: str, passed: bool) -> None:
    assert decided(matter, WHOLE, "68/6800.00", agreed) == (True, passed)


@pytest.mark.parametrize("matter", ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9"])
def test_fifty_one_percent_taking_part_fail_for_every_matter(matter: str) -> None:
    assert decided(matter, WHOLE, "51/5100.00", "51/5100.00") == (False, False)


def test_the_smallest_assembly_that_passes() -> None:
    assert decided("M5", WHOLE, "67/6666.67", "34/3333.34") == (True, True)
    assert decided("M5", WHOLE, "67/6666.66", "34/3333.34") == (False, False)
    assert decided("M5", WHOLE, "66/6666.67", "34/3333.34") == (False, False)
