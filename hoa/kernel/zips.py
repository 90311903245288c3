"""Zip files whose bytes follow from their content alone, and reading them without trusting what they claim."""

import io
from collections.abc import Mapping
from typing import ClassVar
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from hoa.kernel.errors import N_, Refusal


class NotAZip(Refusal):
    message: ClassVar[str] = N_("这不是平台生成的归档包，或者文件已经损坏")


class MemberBroken(Refusal):
    message: ClassVar[str] = N_("归档包里的 %(name)s 读不出来：被改动或损坏")


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip without anything that chance or the machine would decide: names in order, nothing packed, no time of
    making.
    """
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, data in sorted(members.items()):
            info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The members of such a zip. Packed members are refused, so it never grows beyond its own size."""
    members: dict[str, bytes] = {}
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.compress_type != ZIP_STORED or info.file_size > len(data) or info.filename in members:
                    raise MemberBroken(name=ascii(info.filename)[1:-1][:80])
                try:
                    members[info.filename] = archive.read(info)
                except BadZipFile:
                    raise MemberBroken(name=ascii(info.filename)[1:-1][:80]) from None
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise NotAZip from None
    return members
