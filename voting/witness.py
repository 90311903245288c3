"""The witness client, `hoa witness`: it runs elsewhere, on files of its own, and believes nothing it is told.

It keeps the last head it cosigned. A later head is cosigned only with a proof that the log it covers begins with the
log of the kept one (voting-record.md 6); anything else is a fork, and the two heads that prove it are kept.
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hoa.kernel import canonical, checkpoint, merkle
from hoa.kernel.errors import N_, Refusal

MOST_BYTES = 8 << 20
SECONDS = 30
_PRIVATE = "PRIVATE+KEY+"


class KeyFileThere(Refusal):
    message: ClassVar[str] = N_("%(path)s 已经存在，没有覆盖；请换一个文件名，旧钥匙丢了就再也签不了名")


class NotAWitnessKey(Refusal):
    message: ClassVar[str] = N_("%(path)s 不是见证人钥匙文件，请用 hoa witness new-key 生成")


class KeyReadable(Refusal):
    message: ClassVar[str] = N_("钥匙文件 %(path)s 能被别人读取，没有使用；请执行 chmod 600 %(path)s")


class NoAnswer(Refusal):
    message: ClassVar[str] = N_("没有拿到 %(url)s：%(why)s。稍后会再试；一直不行请检查网址和网络")


class NotThisAssembly(Refusal):
    message: ClassVar[str] = N_("%(url)s 给出的公告不是会议 %(assembly)s，没有签名；请核对纸质公告上的会议编号和网址")


class NotSignedByTheLog(Refusal):
    message: ClassVar[str] = N_("平台给出的日志没有公告所列日志钥匙的签名，没有签名；请保留现场并联系监督委员会")


class Fork(Refusal):
    """The one thing a witness exists to notice."""

    message: ClassVar[str] = N_(
        "FORK 日志分叉：现在的日志（%(new)s 条）不是从上次签署的日志（%(old)s 条）接续来的，拒绝签名。"
        "两份日志已存入 %(path)s，请交给监督委员会和街道办"
    )


class Watched(Refusal):
    message: ClassVar[str] = N_("另一个见证程序正在使用 %(path)s，请先停止它，或换一个文件夹")


# ------------------------------------------------------------------------------------------------------------ the key


class WitnessKey(NamedTuple):
    """A witness's name and key; the file is a line in the form of C2SP signed notes, readable by its owner alone."""

    verifier: checkpoint.VerifierKey
    private: Ed25519PrivateKey

    @property
    def line(self) -> str:
        raw = bytes((self.verifier.type,)) + self.private.private_bytes_raw()
        return f"{_PRIVATE}{self.verifier.name}+{self.verifier.key_id.hex()}+{base64.b64encode(raw).decode()}\n"


def _key(name: str, private: Ed25519PrivateKey) -> WitnessKey:
    public = private.public_key().public_bytes_raw()
    return WitnessKey(checkpoint.VerifierKey(name, checkpoint.KeyType.WITNESS, public), private)


def new_key(name: str, path: Path) -> WitnessKey:
    """Make a key and write it to a new file, mode 0600."""
    key = _key(name, Ed25519PrivateKey.generate())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileThere(path=path) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(key.line)
        file.flush()
        os.fsync(file.fileno())
    return key


def read_key(path: Path) -> WitnessKey:
    """The key of a file; refused when others could have read it."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyReadable(path=path)
    try:
        text = path.read_text()
        name, _, encoded = text.strip().removeprefix(_PRIVATE).split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        key = _key(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
    except (ValueError, Refusal):
        raise NotAWitnessKey(path=path) from None
    if key.line != text:
        raise NotAWitnessKey(path=path)
    return key


# ---------------------------------------------------------------------------------------------------------- the state


class State:
    """What a witness remembers of one assembly: its manifest, the last head it cosigned, and what proves a fork."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """One process at a time: two could cosign two sides of a fork."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Watched(path=self.folder) from None
            yield

    def read(self, name: str) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / name).read_bytes()
        return None

    def keep(self, name: str, data: bytes) -> None:
        """All or nothing, and on disk before anything is sent."""
        beside = self.folder / f".{name}.new"
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.folder / name)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# ------------------------------------------------------------------------------------------------------- the network


class Reply(NamedTuple):
    status: int
    body: bytes


def fetch(url: str, data: bytes | None = None) -> Reply:
    """GET, or POST of JSON; a refusal is a reply too."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise NoAnswer(url=url, why="http, https")
    headers = {"User-Agent": "hoa-witness", **({"Content-Type": "application/json"} if data else {})}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 — the scheme was looked at
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310
            return Reply(response.status, response.read(MOST_BYTES))
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read(MOST_BYTES))
    except (OSError, ValueError) as error:
        raise NoAnswer(url=url, why=getattr(error, "reason", error)) from None


# ------------------------------------------------------------------------------------------------------- the watching


class Seen(NamedTuple):
    """What one look brought: the head's size, whether it was cosigned just now, and what the platform answered."""

    size: int
    cosigned: bool
    answer: str


class Watcher:
    """Looks at one assembly with one key. `assembly` is the hash of the printed notice, if the witness has it."""

    def __init__(
        self,
        url: str,
        key: WitnessKey,
        folder: Path,
        *,
        assembly: str | None = None,
        get: Callable[[str, bytes | None], Reply] = fetch,
    ) -> None:
        self.url, self.key, self.state, self.assembly, self._get = url.rstrip("/"), key, State(folder), assembly, get

    def look(self, time: int) -> Seen:
        """Fetch the latest head; cosign it (`time` in seconds since 1970) if it continues the one kept.

        The first look begins with the notice's head: without a witness under it voting cannot begin.
        """
        with self.state.held():
            log_key = self._log_key()
            note = self._head(self._ask("/head.txt"), log_key)
            if self.state.read("head.txt") is None:
                first = self._head(self._first(), log_key)
                if first.checkpoint != note.checkpoint:
                    self._cosign(first, time)
            return self._cosign(note, time)

    def _cosign(self, note: checkpoint.Note, time: int) -> Seen:
        size = note.checkpoint.size
        kept = self.state.read("head.txt")
        same = kept is not None and self._continues(checkpoint.parse(kept), note)
        if same and any(line.name == self.key.verifier.name for line in note.signatures):
            return Seen(size, False, "")
        line = checkpoint.cosign_head(note.checkpoint, self.key.verifier, self.key.private.sign, time=time)
        # Kept before it is sent: after a crash the other side of a fork is not cosigned.
        self.state.keep("head.txt", note.text)
        return Seen(size, True, self._bring(size, line.text))

    def _log_key(self) -> checkpoint.VerifierKey:
        """The log's key and name, from the manifest that the witness saw first."""
        manifest = self.state.read("manifest.json")
        if manifest is None:
            manifest = self._ask("/manifest.json")
        found = hashlib.sha256(manifest).hexdigest()
        if found != (self.assembly or found):
            raise NotThisAssembly(url=self.url, assembly=self.assembly)
        try:
            value = canonical.decode(manifest)
            public = next(key["public"] for key in value["keys"]["platform"] if key["purpose"] == "log")
            origin = "{}/{}/{}".format(value["host"], value["community"]["code"], found)
            key = checkpoint.VerifierKey(origin, checkpoint.KeyType.LOG, bytes.fromhex(public))
        except (Refusal, ValueError, KeyError, TypeError, StopIteration):
            raise NotThisAssembly(url=self.url, assembly=self.assembly or found) from None
        self.state.keep("manifest.json", manifest)
        return key

    def _first(self) -> bytes:
        """The head of the notice."""
        try:
            return str(json.loads(self._ask("/heads.json"))[0]["note"]).encode()
        except (ValueError, LookupError, TypeError, RecursionError):
            raise NotSignedByTheLog from None

    def _head(self, data: bytes, log_key: checkpoint.VerifierKey) -> checkpoint.Note:
        """A head, signed by the log's own key under the log's own name."""
        try:
            note = checkpoint.parse(data)
            signed = note.checkpoint.origin == log_key.name and checkpoint.verify(note, [log_key])
        except Refusal:
            raise NotSignedByTheLog from None
        if not signed:
            raise NotSignedByTheLog
        return note

    def _continues(self, kept: checkpoint.Note, note: checkpoint.Note) -> bool:
        """Whether this is the head cosigned last; a later one must be proved to continue it, or it is a fork."""
        old, new = kept.checkpoint, note.checkpoint
        if old == new:
            return True
        if new.size <= old.size or not self._proved(old, new):
            name = f"fork-{old.size}-{new.size}.txt"
            self.state.keep(name, kept.text + b"\n" + note.text)
            raise Fork(old=old.size, new=new.size, path=self.state.folder / name)
        return False

    def _proved(self, old: checkpoint.Checkpoint, new: checkpoint.Checkpoint) -> bool:
        """Whoever signed the new head owes the proof: that there is none is an answer, a busy server is not."""
        path = f"/proof/consistency.json?old={old.size}&new={new.size}"
        reply = self._get(self.url + path, None)
        if reply.status not in (200, 404):
            raise NoAnswer(url=self.url + path, why=f"HTTP {reply.status}")
        try:
            proof = [bytes.fromhex(node) for node in json.loads(reply.body)["proof"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        return merkle.verify_consistency(old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=proof)

    def _bring(self, size: int, line: str) -> str:
        """Send the line; what the platform says of it is for people to read."""
        reply = self._get(self.url + "/cosignatures", json.dumps({"size": size, "line": line}).encode())
        try:
            said: Any = json.loads(reply.body)
            return "" if said.get("kept") else str(said["why"])
        except (ValueError, KeyError, AttributeError, RecursionError):
            return f"HTTP {reply.status}"

    def _ask(self, path: str) -> bytes:
        reply = self._get(self.url + path, None)
        if reply.status != 200:
            raise NoAnswer(url=self.url + path, why=f"HTTP {reply.status}")
        return reply.body
