"""What a report says, and what of it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.affairs.rules import intake
from hoa.affairs.rules.intake import CATEGORIES
from hoa.api.rules import refusals
from hoa.api.rules.catalogue import EXAMPLES
from hoa.api.rules.refusals import Refused
from hoa.api.rules.submission import Submission, read


def form(**values: str) -> dict[str, list[str]]:
    usual = {"service_code": "lift", "address_string": "北门"}
    return {name: [value] for name, value in (usual | values).items()}


def wrong(values: dict[str, list[str]]) -> list[type]:
    with pytest.raises(Refused) as refused:
        read(values)
    return [type(one) for one in refused.value.refusals]


def test_every_category_is_a_service_with_words_to_find_it_by():
    assert list(EXAMPLES) == list(CATEGORIES)


def test_the_least_that_is_a_report_is_a_service_and_a_place():
    assert read(form()) == Submission(service_code="lift", text="电梯", spot="北门")
    assert read(form(description=" ", phone="", email="", **{"attribute[WHISPAWN]": ""})) == read(form())


@pytest.mark.parametrize(
    "alone", [{"address_string": "北门"}, {"address_id": "abc"}, {"lat": "29.5", "long": "106.25"}]
)
def test_each_way_to_say_where_is_enough_alone(alone: dict[str, str]):
    kept = read(form(**{"address_string": "", **alone}))
    assert (kept.spot, kept.place_code) in {("北门", ""), ("", "abc"), ("WGS84 29.5000, 106.2500", "")}


def test_coordinates_are_kept_to_ten_metres_and_only_when_nothing_else_says_where():
    assert read(form(lat="29.5921036", long="106.2231067")).spot == "北门"
    exact = read(form(address_string="", lat="29.5921036", long="106.2231067"))
    assert exact.spot == "WGS84 29.5921, 106.2231"


def test_everything_wrong_is_named_at_once():
    found = wrong(form(service_code="", address_string="", **{"attribute[x]": "1", "attribute[floor]": "1"}))
    assert found == [
        refusals.NoService,
        refusals.NoLocation,
        refusals.UnknownAttribute,
        refusals.FloorWithoutBuilding,
    ]


@pytest.mark.parametrize("floor", ["0", "二", "1.5", "1e3", "+1", "٣", "1000", "--1"])
def test_a_floor_is_a_whole_number_and_there_is_none_between_minus_one_and_one(floor: str):
    assert wrong(form(**{"attribute[building]": "1栋", "attribute[floor]": floor})) == [refusals.BadFloor]


def test_attributes_are_read_in_both_ways_that_clients_write_them():
    kept = read(form(**{"attribute[building]": "1栋", "attribute[entrance][]": "2单元", "attribute[floor]": "-1"}))
    assert (kept.building, kept.entrance, kept.floor) == ("1栋", "2单元", -1)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("华", "李", "李华"), ("john", "smith", "john smith"), ("", "李", "李"), ("Jo", "", "Jo")],
)
def test_a_name_is_written_as_its_language_does(first: str, last: str, name: str):
    assert read(form(first_name=first, last_name=last)).name == name


def test_a_number_is_kept_beside_a_name_only_and_the_answer_will_say_so():
    kept = read(form(first_name="华", last_name="李", phone="+86 139 0000 0188"))
    assert (kept.phone, kept.left_out) == ("13900000188", ())
    nameless = read(form(phone="13900000188", media_url="http://x.example/a.jpg"))
    assert (nameless.phone, nameless.left_out) == (None, ("media_url", "phone"))
    assert read(form(last_name="李", phone="010-1")).left_out == ("phone",)


def test_lengths_end_exactly_where_a_suggestions_do():
    kept = read(form(description="长" * intake.MOST_TEXT, address_string="远" * intake.MOST_SPOT))
    assert len(kept.text) == intake.MOST_TEXT
    assert wrong(form(description="长" * (intake.MOST_TEXT + 1))) == [refusals.TooMuch]
    assert wrong(form(address_string="远" * (intake.MOST_SPOT + 1))) == [refusals.TooMuch]
    assert wrong(form(last_name="名" * (intake.MOST_NAME + 1))) == [refusals.TooMuch]


@given(
    st.dictionaries(
        st.text(max_size=20) | st.sampled_from(["service_code", "lat", "long", "attribute[floor]", "address_id"]),
        st.lists(st.text(max_size=30), max_size=2),
    )
)
def test_any_form_is_a_report_or_a_refusal_that_says_why(values: dict[str, list[str]]):
    try:
        outcome = (read(values).service_code in CATEGORIES, True)
    except Refused as refused:
        outcome = (refused.status in (400, 404), all(str(one) for one in refused.refusals))
    assert outcome == (True, True)
