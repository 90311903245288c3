"""One sealed file with everything a deployment must not lose, except its keys: the database as it is at one moment, and
the files that its rows name (trust.md 11 and 20).

The keys stay out on purpose: who finds a backup can read no ballot, and who has only keys has nothing to read. They are
copied once, elsewhere. The archive is a tar inside a stream of sealed pieces (AES-256-GCM; the key from a passphrase by
scrypt, RFC 7914), each bound to its number and to being the last, so that a cut, swapped or edited file is refused.
"""

import hashlib
import io
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import inspect

from hoa.db import Database
from hoa.kernel.errors import N_, Refusal
from hoa.platform import Platform
from hoa.ports.files import LocalFiles

MAGIC = b"hoa-backup/1\n"
PIECE = 1 << 20
SALT_BYTES = 16
TAG_BYTES = 16
SHORTEST_PASSPHRASE = 12
DUMP = {True: "database.sqlite", False: "database.pgdump"}
_FILE = re.compile(r"files/([0-9a-f]{64})\Z")


class ShortPassphrase(Refusal):
    message: ClassVar[str] = N_("备份口令至少 %(characters)s 个字符：备份里有业主的姓名和房号，请换一个更长的口令")


class FileThere(Refusal):
    message: ClassVar[str] = N_("%(path)s 已经存在，没有覆盖。请换一个文件名")


class NotABackup(Refusal):
    message: ClassVar[str] = N_("这不是本平台的备份文件，没有恢复任何内容")


class CannotOpen(Refusal):
    message: ClassVar[str] = N_("打不开备份：口令不对，或者文件被截短、改动过（第 %(piece)s 段）。没有恢复任何内容")


class NotEmpty(Refusal):
    message: ClassVar[str] = N_("%(where)s 里已经有数据。恢复只能写进空的数据库和空的文件夹，请先换一个位置")


class OtherDatabase(Refusal):
    message: ClassVar[str] = N_("备份里是另一种数据库（%(found)s），请在同一种数据库上恢复")


class NoTool(Refusal):
    message: ClassVar[str] = N_("找不到 PostgreSQL 的命令 %(tool)s，请先安装与服务器版本相同的客户端工具")


class ToolFailed(Refusal):
    message: ClassVar[str] = N_("%(tool)s 没有成功：%(said)s")


# ------------------------------------------------------------------------------------------------ the sealed stream


def _key(passphrase: str, salt: bytes) -> AESGCM:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise ShortPassphrase(characters=SHORTEST_PASSPHRASE)
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << 16, r=8, p=1).derive(passphrase.encode()))


def _nonce(number: int, *, last: bool) -> bytes:
    """Salt and key are new for each backup, so a counter is enough; the last piece says that it is the last."""
    return number.to_bytes(11) + bytes([last])


class Sealing(io.RawIOBase):
    """What is written here comes out sealed, piece by piece."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        super().__init__()
        salt = os.urandom(SALT_BYTES)
        self._out, self._key = out, _key(passphrase, salt)
        self._held, self._number = bytearray(), 0
        out.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        given = bytes(data)  # type: ignore[call-overload]
        self._held += given
        while len(self._held) > PIECE:
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(given)

    def finish(self) -> None:
        """Write the last piece; without it nobody can open the file."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._out.write(self._key.encrypt(_nonce(self._number, last=last), piece, MAGIC))
        self._number += 1


def _opened(source: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """The pieces of a sealed stream, each checked before it is given."""
    if source.read(len(MAGIC)) != MAGIC:
        raise NotABackup
    key = _key(passphrase, source.read(SALT_BYTES))
    number, sealed = 0, source.read(PIECE + TAG_BYTES)
    while True:
        following = source.read(PIECE + TAG_BYTES)
        try:
            yield key.decrypt(_nonce(number, last=not following), sealed, MAGIC)
        except InvalidTag:
            raise CannotOpen(piece=number + 1) from None
        if not following:
            return
        number, sealed = number + 1, following


# ---------------------------------------------------------------------------------------------------------- writing


def back_up(platform: Platform, target: Path, *, passphrase: str) -> int:
    """Write a backup of the running platform to a new file (0600); the number of files in it.

    The database comes before the files, so that no row names a file that is not there. Nothing waits for it.
    """
    if target.exists():
        raise FileThere(path=target)
    draft = target.with_name(target.name + ".part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            sealing = Sealing(out, passphrase)
            with tarfile.open(fileobj=sealing, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                count = _write(platform, archive)
            sealing.finish()
            out.flush()
            os.fsync(out.fileno())
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _write(platform: Platform, archive: tarfile.TarFile) -> int:
    database = platform.database
    with TemporaryDirectory(dir=platform.settings.data, prefix=".backup-") as folder:
        snapshot = Path(folder) / DUMP[database.is_sqlite]
        _snapshot(database, snapshot)
        archive.add(snapshot, arcname=snapshot.name)
    count = 0
    for digest, data in platform.files.each():
        member = tarfile.TarInfo(f"files/{digest}")
        member.size, member.mode = len(data), 0o400
        archive.addfile(member, io.BytesIO(data))
        count += 1
    return count


def _snapshot(database: Database, target: Path) -> None:
    if not database.is_sqlite:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", _address(database))
        return
    source = f"file:{database.url.database}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


# --------------------------------------------------------------------------------------------------------- restoring


def restore(platform: Platform, source: Path, *, passphrase: str) -> int:
    """Bring a backup back into an empty database and an empty folder of files (or a bucket); the number of files.

    The whole backup is opened and checked before the first byte is put in its place.
    """
    database = platform.database
    if isinstance(platform.files, LocalFiles) and next(platform.files.each(), None) is not None:
        # A bucket may have outlived the machine; what is in it already is not written again.
        raise NotEmpty(where=platform.files.folder)
    _need_empty(database)
    with TemporaryDirectory(dir=platform.settings.data, prefix=".restore-") as scratch:
        whole = Path(scratch) / "backup.tar"
        with source.open("rb") as sealed, whole.open("wb") as out:
            for piece in _opened(sealed, passphrase):
                out.write(piece)
        with tarfile.open(whole, mode="r:") as archive:
            return _read(platform, archive, Path(scratch))


def _need_empty(database: Database) -> None:
    tables = inspect(database.write_engine).get_table_names()
    database.close()
    if tables:
        raise NotEmpty(where=database.url.database)


def _read(platform: Platform, archive: tarfile.TarFile, scratch: Path) -> int:
    names = archive.getnames()
    wanted = DUMP[platform.database.is_sqlite]
    if wanted not in names:
        raise OtherDatabase(found=", ".join(name for name in names if not name.startswith("files/")))
    for name in names:
        if name != wanted and not _FILE.match(name):
            raise NotABackup
    _copy(archive, wanted, scratch / wanted)
    _bring_back(platform.database, scratch / wanted)
    count = 0
    for name in names:
        if found := _FILE.match(name):
            member = archive.extractfile(name)
            assert member is not None
            data = member.read()
            if hashlib.sha256(data).hexdigest() != found.group(1):
                raise NotABackup
            platform.files.put(data)
            count += 1
    return count


def _copy(archive: tarfile.TarFile, name: str, to: Path) -> None:
    """Write one member's bytes and nothing else of it: no owner, mode, link or path that the archive names."""
    member = archive.extractfile(name)
    if member is None:
        raise NotABackup
    with member, to.open("wb") as out:
        shutil.copyfileobj(member, out)


def _bring_back(database: Database, snapshot: Path) -> None:
    if not database.is_sqlite:
        _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_address(database)}", str(snapshot))
        return
    with closing(sqlite3.connect(snapshot)) as copy, closing(sqlite3.connect(database.url.database or "")) as live:
        copy.backup(live)


def _address(database: Database) -> str:
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(tool: str, *arguments: str) -> None:
    """A PostgreSQL command; the newest that is installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), key=lambda path: int(path.parts[4]))
    command = str(installed[-1]) if installed else shutil.which(tool)
    if command is None:
        raise NoTool(tool=tool)
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolFailed(tool=tool, said=done.stderr.strip()[:400])
