"""Importing a register of 10,000 units with the real command; memory against one of 1,000 units."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from openpyxl import Workbook

from tests.bench.table import Raw, Row, measure

HEADINGS = (
    "楼栋",
    "单元",
    "房号",
    "用途",
    "建筑面积",
    "业主姓名",
    "证件号码",
    "联系电话",
    "交付状态",
    "共有份额",
    "备注",
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
UNITS = 10_000
TARGET_SECONDS = 10.0
FLAT = 1.5


@measure
def importing(_raw: Raw, folder: Path) -> Iterable[Row]:
    """The workbook of 10,000 rows is itself larger: flat means less than one and a half times the memory of 1,000."""
    _, small = _imported(folder, "SMALL", UNITS // 10)
    seconds, large = _imported(folder, "LARGE", UNITS)
    yield Row(
        what=f"importing {UNITS:,} units (hoa register import)",
        ours=f"{seconds:.1f} s",
        target=f"≤ {TARGET_SECONDS:.0f} s",
        met=seconds <= TARGET_SECONDS,
    )
    yield Row(
        what=f"its peak memory, beside that of {UNITS // 10:,} units",
        ours=f"{large:.0f} MiB beside {small:.0f} MiB",
        target="flat",
        met=large <= FLAT * small,
    )


def _imported(folder: Path, code: str, units: int) -> tuple[float, float]:
    """Seconds and MiB of one import into a new database."""
    file = folder / f"{code}.xlsx"
    _workbook(file, units)
    environment = {**os.environ, "HOA_DATA": str(folder / code), "HOA_DEMO": "0"}
    environment.pop("HOA_DATABASE_URL", None)
    hoa = [sys.executable, "-m", "hoa.cli"]
    subprocess.run([*hoa, "init"], env=environment, check=True, stdout=subprocess.DEVNULL)
    start = time.perf_counter()
    with (folder / f"{code}.json").open("wb") as output:
        command = [*hoa, "register", "import", str(file), "--community", code, "--create", "测速小区", "--json"]
        process = subprocess.Popen(command, env=environment, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError((folder / f"{code}.json").read_text(encoding="utf-8")[:2000])
    return seconds, usage.ru_maxrss / 1024


def _workbook(path: Path, units: int) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("业主清册")
    sheet.append(HEADINGS)
    for number in range(units):
        building, rest = divmod(number, 200)
        floor, door = divmod(rest, 8)
        sheet.append(
            (
                f"{building + 1}栋",
                f"{door // 4 + 1}单元",
                f"{floor + 1}{door % 4 + 1:02}",
                "住宅",
                80 + number % 60 + 0.25,
                f"测{chr(0x4E00 + number % 5000)}{chr(0x4E00 + number // 5000)}",
                _certificate(number),
                f"199{number:08}",
                "已交付",
                None,
                None,
            )
        )
    book.save(path)


def _certificate(number: int) -> str:
    """A certificate number with a right check digit in the region 990000, where nobody lives."""
    digits = f"990000{1950 + number % 50}{number % 12 + 1:02}{number % 28 + 1:02}{number // 50 % 1000:03}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]
