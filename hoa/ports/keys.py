"""Where private keys live: rooms say *for what* they sign, seal or compare, never with which key.

A purpose ("log", "tally", "package", "receipt", "report" …) has its own key of each sort, made at its first use. Keys
are known by id (``hoa.kernel.signing.key_id``), rotate by generation, and retired ones stay readable, so that what was
signed or sealed earlier can always be verified and opened (trust.md 14). A KMS or HSM is another adapter of ``Keys``.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoa.kernel import signing
from hoa.kernel.errors import N_, Refusal

AES = "aes-256-gcm"
HMAC = "hmac-sha-256"
_ALGORITHMS = {"sign": signing.ED25519, "seal": AES, "mac": HMAC}
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")
_FILE = re.compile(r"(sign|seal|mac)\.([a-z][a-z0-9-]{0,63})\.(\d{6})\.json\Z")
_MAGIC = b"HOAS1"
_ID_BYTES = 16
_NONCE_BYTES = 12
_WRAPPED_BYTES = _NONCE_BYTES + 32 + 16


class KeysExposed(Refusal):
    message = N_("密钥 %(path)s 可被其他用户读取，拒绝使用。请执行 chmod %(mode)s %(path)s")
    status = 500


class KeyDamaged(Refusal):
    message = N_("密钥文件 %(path)s 已损坏，请从备份恢复")
    status = 500


class KeyMissing(Refusal):
    message = N_("找不到密钥 %(key)s，请从备份恢复密钥文件夹后再试")
    status = 500


class NotOpened(Refusal):
    message = N_("加密内容无法解开：已被改动，或不是为此用途加密的")
    status = 500


class Signature(NamedTuple):
    """An Ed25519 signature and the id of the key that made it."""

    key_id: str
    value: bytes


class PublicKey(NamedTuple):
    """What everybody may know of a signing key."""

    purpose: str
    algorithm: str
    public: bytes


class Keys(Protocol):
    """Signing, sealing and keyed comparison by purpose."""

    def signing_key(self, purpose: str) -> str:
        """Id of the key that signs for this purpose now; signed objects name it."""
        ...

    def sign(self, purpose: str, message: bytes, *, key_id: str | None = None) -> Signature:
        """Sign with the purpose's current key, or with the one named (a manifest froze it before a rotation)."""
        ...

    def public_keys(self) -> Mapping[str, PublicKey]:
        """Every signing key by id, also the retired ones."""
        ...

    def rotate(self, purpose: str) -> None:
        """New signing and sealing keys from now on. Keys for ``mac`` stay: stored values are found by them."""
        ...

    def seal(self, purpose: str, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt; only the same purpose and context open it (the context says where it belongs, e.g. a row's key)."""
        ...

    def open(self, purpose: str, sealed: bytes, context: bytes) -> bytes: ...

    def mac(self, purpose: str, value: bytes) -> str:
        """A keyed fingerprint in hex: equal values can be found without being readable."""
        ...


@dataclass(frozen=True)
class _Key:
    sort: str
    purpose: str
    generation: int
    id: str
    secret: bytes

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()


def _identify(sort: str, secret: bytes) -> str:
    """The id of a key; a secret key's id comes from a keyed hash, so that it tells nothing of the key."""
    if sort == "sign":
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        return signing.key_id(signing.ED25519, public)
    return signing.key_id(_ALGORITHMS[sort], hmac.digest(secret, b"hoa key id", hashlib.sha256))


class LocalKeys:
    """Keys in files of one folder: folder 0700, files 0600, one file per sort, purpose and generation.

    A file appears by linking a finished one into place, so two processes that need a new key at once get the same.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._current: dict[tuple[str, str], _Key] = {}
        self._by_id: dict[str, _Key] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._refuse_exposed(folder, "700")

    def signing_key(self, purpose: str) -> str:
        return self._now("sign", purpose).id

    def sign(self, purpose: str, message: bytes, *, key_id: str | None = None) -> Signature:
        key = self._now("sign", purpose) if key_id is None else self._named("sign", purpose, key_id)
        return Signature(key.id, Ed25519PrivateKey.from_private_bytes(key.secret).sign(message))

    def public_keys(self) -> dict[str, PublicKey]:
        return {
            key.id: PublicKey(key.purpose, signing.ED25519, key.public)
            for key in map(self._read, self._files())
            if key.sort == "sign"
        }

    def rotate(self, purpose: str) -> None:
        self._check(purpose)
        for sort in ("sign", "seal"):
            generation = self._latest(sort, purpose)
            if generation:
                self._create(sort, purpose, generation + 1)

    def seal(self, purpose: str, plaintext: bytes, context: bytes) -> bytes:
        key = self._now("seal", purpose)
        content_key, wrap_nonce, nonce = os.urandom(32), os.urandom(_NONCE_BYTES), os.urandom(_NONCE_BYTES)
        bound = self._bound(purpose, context)
        wrapped = wrap_nonce + AESGCM(key.secret).encrypt(wrap_nonce, content_key, bound)
        return _MAGIC + bytes.fromhex(key.id) + wrapped + nonce + AESGCM(content_key).encrypt(nonce, plaintext, bound)

    def open(self, purpose: str, sealed: bytes, context: bytes) -> bytes:
        head = len(_MAGIC) + _ID_BYTES
        if not sealed.startswith(_MAGIC) or len(sealed) < head + _WRAPPED_BYTES + _NONCE_BYTES + 16:
            raise NotOpened
        key = self._named("seal", purpose, sealed[len(_MAGIC) : head].hex())
        wrapped, rest = sealed[head : head + _WRAPPED_BYTES], sealed[head + _WRAPPED_BYTES :]
        bound = self._bound(purpose, context)
        try:
            content_key = AESGCM(key.secret).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], bound)
            return AESGCM(content_key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], bound)
        except InvalidTag:
            raise NotOpened from None

    def mac(self, purpose: str, value: bytes) -> str:
        return hmac.digest(self._now("mac", purpose).secret, value, hashlib.sha256).hex()

    # ------------------------------------------------------------------------------------------------ the files

    @staticmethod
    def _bound(purpose: str, context: bytes) -> bytes:
        return purpose.encode() + b"\n" + context

    @staticmethod
    def _check(purpose: str) -> None:
        if not _PURPOSE.match(purpose):
            raise ValueError(f"not a purpose of a key: {purpose!r}")

    def _path(self, sort: str, purpose: str, generation: int) -> Path:
        return self.folder / f"{sort}.{purpose}.{generation:06d}.json"

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if _FILE.match(path.name))

    def _latest(self, sort: str, purpose: str) -> int:
        """The newest generation; 0 when there is no key yet."""
        prefix = f"{sort}.{purpose}."
        numbers = [
            int(match[3]) for path in self._files() if (match := _FILE.match(path.name)) and match[0].startswith(prefix)
        ]
        return max(numbers, default=0)

    def _now(self, sort: str, purpose: str) -> _Key:
        """The current key. Another process may have rotated: the next generation's file is looked for each time."""
        key = self._current.get((sort, purpose))
        if key is not None and not self._path(sort, purpose, key.generation + 1).exists():
            return key
        self._check(purpose)
        with self._lock:
            latest = self._latest(sort, purpose)
            key = self._read(self._path(sort, purpose, latest)) if latest else self._create(sort, purpose, 1)
            self._current[(sort, purpose)] = key
            self._by_id[key.id] = key
        return key

    def _named(self, sort: str, purpose: str, key_id: str) -> _Key:
        key = self._by_id.get(key_id)
        if key is None:
            key = next((found for found in map(self._read, self._files()) if found.id == key_id), None)
            if key is None:
                raise KeyMissing(key=key_id)
            self._by_id[key_id] = key
        if (key.sort, key.purpose) != (sort, purpose):
            raise KeyMissing(key=key_id)
        return key

    def _read(self, path: Path) -> _Key:
        match = _FILE.match(path.name)
        assert match is not None
        self._refuse_exposed(path, "600")
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            secret = base64.b64decode(document["secret"], validate=True)
            if len(secret) != 32 or document["id"] != _identify(match[1], secret):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise KeyDamaged(path=path.name) from None
        return _Key(match[1], match[2], int(match[3]), document["id"], secret)

    def _create(self, sort: str, purpose: str, generation: int) -> _Key:
        """Write a new key and link it into place; if another process was first, theirs is the key."""
        secret = os.urandom(32)
        document = {
            "algorithm": _ALGORITHMS[sort],
            "id": _identify(sort, secret),
            "purpose": purpose,
            "secret": base64.b64encode(secret).decode(),
        }
        final = self._path(sort, purpose, generation)
        draft = self.folder / f".draft-{os.urandom(8).hex()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, final)
        finally:
            draft.unlink()
        _sync(self.folder)
        return self._read(final)

    @staticmethod
    def _refuse_exposed(path: Path, mode: str) -> None:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeysExposed(path=str(path), mode=mode)


def _sync(folder: Path) -> None:
    """Make a new directory entry survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
