"""Zips whose bytes follow from their content, and reading them without trust."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel.zips import MemberBroken, NotAZip, unzipped, zipped

names = st.text(alphabet="abcdefghij0123456789-_.", min_size=1, max_size=20)


@given(st.dictionaries(names, st.binary(max_size=200), max_size=8))
def test_the_same_members_are_the_same_bytes_and_come_back(members: dict[str, bytes]) -> None:
    backwards = dict(reversed(members.items()))
    assert zipped(members) == zipped(backwards)
    assert unzipped(zipped(members)) == members


def test_a_packed_member_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50_000_000))
    with pytest.raises(MemberBroken, match="bomb"):
        unzipped(out.getvalue())


def test_a_member_that_was_changed_in_place_or_is_there_twice_is_named() -> None:
    data = bytearray(zipped({"a.txt": b"one", "b.txt": b"two"}))
    data[data.index(b"two")] ^= 1
    with pytest.raises(MemberBroken, match=r"b\.txt"):
        unzipped(bytes(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", b"2")
    with pytest.raises(MemberBroken, match=r"a\.txt"):
        unzipped(out.getvalue())


@pytest.mark.parametrize("data", [b"", b"PK", b"%PDF-1.4", zipped({"a": b"x" * 500})[:-40]])
def test_what_is_no_zip_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAZip):
        unzipped(data)
