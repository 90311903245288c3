"""Documents, scans and packages: written once under the SHA-256 of their bytes, checked whenever they are read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hoa.kernel.errors import N_, Refusal

HEX = re.compile(r"[0-9a-f]{64}\Z")


class FileMissing(Refusal):
    message = N_("找不到编号为 %(digest)s 的文件，请从备份恢复")
    status = 404


class FileDamaged(Refusal):
    message = N_("编号为 %(digest)s 的文件与登记的指纹不符，已被改动或损坏，请从备份恢复")
    status = 500


class Files(Protocol):
    """A store that never forgets and never overwrites."""

    def put(self, data: bytes) -> str:
        """Keep these bytes, durably; their SHA-256 in hex. Putting the same bytes again changes nothing."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes, verified against their digest."""
        ...

    def has(self, digest: str) -> bool: ...

    def each(self) -> Iterator[tuple[str, bytes]]:
        """Every file with its digest, as it is there and unchecked: what a backup copies."""
        ...


class LocalFiles:
    """A folder: ``ab/cd/abcd…``, folders 0700, files 0400."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if not self._holds(path, data):
            self._write(path, data)
        return digest

    def get(self, digest: str) -> bytes:
        path = self._path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise FileMissing(digest=digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise FileDamaged(digest=digest)
        return data

    def has(self, digest: str) -> bool:
        return self._path(digest).exists()

    def each(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file() and HEX.match(path.name)):
            yield path.name, path.read_bytes()

    def _path(self, digest: str) -> Path:
        if not HEX.match(digest):
            raise FileMissing(digest=ascii(digest)[:80])
        return self.folder / digest[:2] / digest[2:4] / digest

    @staticmethod
    def _holds(path: Path, data: bytes) -> bool:
        """Whether the very bytes are there; a damaged copy is mended by writing the good one over it."""
        try:
            return path.read_bytes() == data
        except FileNotFoundError:
            return False

    def _write(self, path: Path, data: bytes) -> None:
        made = [folder for folder in (path.parent.parent, path.parent) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".draft-{os.urandom(8).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
        for folder in (*(folder.parent for folder in made), path.parent):
            _sync(folder)


def _sync(folder: Path) -> None:
    """Make a new directory entry survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
