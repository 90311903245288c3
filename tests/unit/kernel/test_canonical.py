import hashlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import canonical

texts = st.text(st.characters(codec="utf-8"), max_size=30).map(lambda text: unicodedata.normalize("NFC", text))
keys = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_written_reads_back_as_the_same_value(value: Any) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@given(values)
def test_the_bytes_are_plain_json(value: Any) -> None:
    assert json.loads(canonical.encode(value)) == value


def test_keys_are_sorted_and_white_space_is_absent() -> None:
    assert canonical.encode({"b": [1, True, None], "a": {"z": '竹\n"', "y": -5}}) == (
        '{"a":{"y":-5,"z":"竹\\n\\""},"b":[1,true,null]}'.encode()
    )


def test_tuples_are_written_as_lists() -> None:
    assert canonical.encode((1, ("x",))) == b'[1,["x"]]'


def test_the_digest_is_the_hash_of_the_bytes() -> None:
    assert canonical.digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


@pytest.mark.parametrize(
    ("value", "refusal", "path"),
    [
        ({"a": [1, 1.5]}, canonical.NotAnInteger, "$.a[1]"),
        ({"a": float("nan")}, canonical.NotAnInteger, "$.a"),
        ({"a": {"b": 2**53}}, canonical.IntegerTooLarge, "$.a.b"),
        (-(2**53), canonical.IntegerTooLarge, "$"),
        ({"a": "e\u0301"}, canonical.NotNormalized, "$.a"),
        (["ok", "\ud83d"], canonical.LoneSurrogate, "$[1]"),
        ({"A": 1}, canonical.KeyRefused, "$"),
        ({"": 1}, canonical.KeyRefused, "$"),
        ({"x" * 65: 1}, canonical.KeyRefused, "$"),
        ({"a\n": 1}, canonical.KeyRefused, "$"),
        ({"x": {1: 1}}, canonical.KeyRefused, "$.x"),
        ({"x": b"bytes"}, canonical.TypeRefused, "$.x"),
    ],
)
def test_a_value_that_has_no_canonical_form_is_refused_with_its_path(
    value: Any, refusal: type[canonical.NotCanonical], path: str
) -> None:
    with pytest.raises(refusal) as caught:
        canonical.encode(value)
    assert caught.value.params["path"] == path
    assert path in str(caught.value)


def test_the_longest_key_and_the_largest_integers_are_allowed() -> None:
    value = {"x" * 64: [2**53 - 1, 1 - 2**53]}
    assert canonical.decode(canonical.encode(value)) == value


def test_nesting_ends_at_a_limit_in_both_directions() -> None:
    deep: Any = 0
    for _ in range(canonical.DEPTH_LIMIT):
        deep = [deep]
    assert canonical.decode(canonical.encode(deep)) == deep
    with pytest.raises(canonical.TooDeep):
        canonical.encode([deep])
    with pytest.raises(canonical.TooDeep):
        canonical.decode(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    ("data", "refusal", "path"),
    [
        (b'\xef\xbb\xbf{"a":1}', canonical.HasByteOrderMark, "$"),
        (b'{"a":"\xff"}', canonical.NotUtf8, "$"),
        (b'{"a":1', canonical.NotJson, "$"),
        (b"", canonical.NotJson, "$"),
        (b'{"a":1}\n{"a":1}', canonical.NotJson, "$"),
        (b'{"a":"\n"}', canonical.NotJson, "$"),
        (b'{"a": 1}', canonical.NotReproduced, "$"),
        (b'{"a":1}\n', canonical.NotReproduced, "$"),
        (b'{"b":1,"a":1}', canonical.NotReproduced, "$"),
        (b'{"a":-0}', canonical.NotReproduced, "$"),
        (b'{"a":"\\u0041"}', canonical.NotReproduced, "$"),
        (b'{"a":"\\/"}', canonical.NotReproduced, "$"),
        (b'{"a":{"b":1,"b":1}}', canonical.KeyTwice, "$.a"),
        (b'{"a":1.0}', canonical.NotAnInteger, "$.a"),
        (b'{"a":[1e2]}', canonical.NotAnInteger, "$.a[0]"),
        (b'{"a":NaN}', canonical.NotAnInteger, "$.a"),
        (b'{"a":-Infinity}', canonical.NotAnInteger, "$.a"),
        (b'{"a":9007199254740992}', canonical.IntegerTooLarge, "$.a"),
        (b'{"a":' + b"9" * 6000 + b"}", canonical.IntegerTooLarge, "$.a"),
        (b'{"a":"\\ud800"}', canonical.LoneSurrogate, "$.a"),
        ('{"a":"e\u0301"}'.encode(), canonical.NotNormalized, "$.a"),
        (b'{"A":1}', canonical.KeyRefused, "$"),
    ],
)
def test_bytes_that_nobody_would_have_written_are_refused_with_their_path(
    data: bytes, refusal: type[canonical.NotCanonical], path: str
) -> None:
    with pytest.raises(refusal) as caught:
        canonical.decode(data)
    assert caught.value.params["path"] == path


def test_the_refusal_says_where_the_bytes_begin_to_differ() -> None:
    with pytest.raises(canonical.NotReproduced) as caught:
        canonical.decode(b'{"a": 1}')
    assert caught.value.params["position"] == 6
    with pytest.raises(canonical.NotReproduced) as caught:
        canonical.decode(b"[1] ")
    assert caught.value.params["position"] == 4


@given(st.lists(values, max_size=5))
def test_lines_end_in_line_feeds_and_read_back(rows: list[Any]) -> None:
    data = canonical.encode_lines(rows)
    assert data.count(b"\n") == len(rows)
    assert list(canonical.decode_lines(data)) == rows


def test_a_bad_line_is_named() -> None:
    with pytest.raises(canonical.NotAnInteger) as caught:
        list(canonical.decode_lines(b'{"a":1}\n{"a":{"b":1.5}}\n'))
    assert caught.value.params["path"] == "line 2 $.a.b"


def test_the_last_line_must_be_ended_and_none_may_be_empty() -> None:
    with pytest.raises(canonical.LineNotEnded) as caught:
        list(canonical.decode_lines(b"1\n2"))
    assert caught.value.params["path"] == "line 2"
    with pytest.raises(canonical.NotJson):
        list(canonical.decode_lines(b"1\n\n2\n"))
    assert list(canonical.decode_lines(b"")) == []
