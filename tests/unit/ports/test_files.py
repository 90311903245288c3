import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.ports.files import FileDamaged, FileMissing, LocalFiles


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "files")


def path_of(files: LocalFiles, digest: str) -> Path:
    return files.folder / digest[:2] / digest[2:4] / digest


@given(st.binary(max_size=200))
def test_bytes_come_back_by_their_hash(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    files = LocalFiles(tmp_path_factory.mktemp("files"))
    digest = files.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert files.get(digest) == data
    assert files.has(digest)


def test_the_same_bytes_are_kept_once(files: LocalFiles) -> None:
    digest = files.put(b"invoice")
    before = path_of(files, digest).stat().st_mtime_ns
    assert files.put(b"invoice") == digest
    assert path_of(files, digest).stat().st_mtime_ns == before
    assert [path.name for path in files.folder.rglob("*") if path.is_file()] == [digest]


def test_files_cannot_be_written_again_and_are_for_their_owner_only(files: LocalFiles) -> None:
    digest = files.put(b"invoice")
    assert stat.S_IMODE(path_of(files, digest).stat().st_mode) == 0o400
    assert stat.S_IMODE(path_of(files, digest).parent.stat().st_mode) == 0o700


def test_a_changed_file_is_never_handed_out_and_can_be_mended(files: LocalFiles) -> None:
    digest = files.put(b"invoice")
    path = path_of(files, digest)
    path.chmod(0o600)
    path.write_bytes(b"forgery")
    with pytest.raises(FileDamaged, match=digest):
        files.get(digest)
    files.put(b"invoice")
    assert files.get(digest) == b"invoice"


def test_what_is_not_there_is_said_to_be_missing(files: LocalFiles) -> None:
    with pytest.raises(FileMissing):
        files.get("0" * 64)
    assert not files.has("0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_hash_names_a_file(files: LocalFiles, digest: str) -> None:
    with pytest.raises(FileMissing):
        files.get(digest)
    with pytest.raises(FileMissing):
        files.has(digest)


def test_a_full_disk_leaves_nothing_behind(files: LocalFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.put(b"invoice")
    assert not [path for path in files.folder.rglob("*") if path.is_file()]
