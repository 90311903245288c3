"""One answer in two notations, which say the same."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.api.rules.wire import Format, Value, write


def parsed(answer: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(answer)  # noqa: S314 - our own answer, which holds no entities


def test_the_example_of_the_specification_is_written_as_it_stands_there():
    value = [
        {
            "service_request_id": "638344",
            "status": "closed",
            "status_notes": "Duplicate request.",
            "service_name": "Sidewalk and Curb Issues",
            "description": None,
            "requested_datetime": "2010-04-14T06:37:38-08:00",
            "address": "8TH AVE and JUDAH ST",
        }
    ]
    assert write(Format.XML, "service_requests", value).decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        "<service_requests>\n"
        "  <request>\n"
        "    <service_request_id>638344</service_request_id>\n"
        "    <status>closed</status>\n"
        "    <status_notes>Duplicate request.</status_notes>\n"
        "    <service_name>Sidewalk and Curb Issues</service_name>\n"
        "    <description />\n"
        "    <requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime>\n"
        "    <address>8TH AVE and JUDAH ST</address>\n"
        "  </request>\n"
        "</service_requests>\n"
    )
    assert json.loads(write(Format.JSON, "service_requests", value)) == value


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (0, "0"), (None, None), ("", None)])
def test_booleans_numbers_and_nothing_are_words_in_xml(value: Value, text: str | None):
    assert parsed(write(Format.XML, "metadata", value)).text == text


def test_an_empty_list_is_an_empty_element():
    assert parsed(write(Format.XML, "services", [])).tag == "services"
    assert json.loads(write(Format.JSON, "services", [])) == []


@given(st.text())
def test_whatever_was_written_both_notations_can_be_read(text: str):
    value: Value = [{"code": 400, "description": text}]
    read = parsed(write(Format.XML, "errors", value))
    assert [part.tag for part in read[0]] == ["code", "description"]
    assert json.loads(write(Format.JSON, "errors", value))[0]["description"] == text


@pytest.mark.parametrize("text", ["<b>&amp;</b>", "]]>", "\ud800", "\x00a\x0b", "\ufffe", '"', "e\u0301"])
def test_mark_up_and_what_xml_cannot_hold_break_nothing(text: str):
    value: Value = [{"code": 1, "description": f"一{text}二"}]
    said = parsed(write(Format.XML, "errors", value))[0][1].text or ""
    assert said.startswith("一")
    assert said.endswith("二")
    assert json.loads(write(Format.JSON, "errors", value))[0]["description"].startswith("一")
