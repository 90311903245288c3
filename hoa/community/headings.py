"""Finding the header row of a register by its words: title and date rows may stand above it, columns in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hoa.community.rules import AreaBasis

SEARCHED_ROWS = 30


class Column(StrEnum):
    """What a column of a register says."""

    BUILDING = "building"
    ENTRANCE = "entrance"
    ROOM = "room"
    KIND = "kind"
    AREA = "area"
    REGISTERED = "registered"
    SURVEYED = "surveyed"
    CONTRACT = "contract"
    OWNERS = "owners"
    NUMBER = "number"
    IDENTIFIER = "identifier"
    PHONE = "phone"
    STATUS = "status"
    SHARE = "share"
    NOTE = "note"


SYNONYMS: dict[Column, str] = {
    Column.BUILDING: "楼栋 栋 幢 楼号 栋号 幢号 楼栋号 楼幢 楼幢号 楼宇 座 楼 楼座 幢楼号 building",
    Column.ENTRANCE: "单元 单元号 门栋 梯 entrance",
    Column.ROOM: "房号 室号 房间号 门牌号 门牌 户号 室 房屋号 房间 房屋编号 专有部分 车位号 部位 room unit",
    Column.KIND: "用途 房屋用途 规划用途 类型 房屋类型 物业类型 性质 房屋性质 业态 use kind",
    Column.AREA: "建筑面积 面积 专有部分面积 房屋面积 专有面积 area",
    Column.REGISTERED: "登记面积 产权面积 产权登记面积 登记建筑面积 证载面积 产权建筑面积 registeredarea",
    Column.SURVEYED: "实测面积 实测建筑面积 surveyedarea",
    Column.CONTRACT: "合同面积 合同建筑面积 预测面积 contractarea",
    Column.OWNERS: "业主姓名 业主 姓名 产权人 所有权人 权利人 业主名称 房主 产权人姓名 姓名或名称 owner owners",
    Column.NUMBER: "业主编号 ownernumber",
    Column.IDENTIFIER: "证件号码 证件号 身份证号 身份证号码 身份证 统一社会信用代码 证件编号 身份证件号码 idnumber",
    Column.PHONE: "联系电话 电话 手机 手机号 手机号码 联系方式 移动电话 电话号码 phone",
    Column.STATUS: "交付状态 状态 房屋状态 销售状态 交房状态 交付情况 status",
    Column.SHARE: "共有份额 份额 产权份额 所有权份额 占有份额 share",
    Column.NOTE: "备注 说明 note",
}
_BY_WORD = {word: column for column, words in SYNONYMS.items() for word in words.split()}
AREA_COLUMNS = (Column.AREA, Column.REGISTERED, Column.SURVEYED, Column.CONTRACT)
BASIS_OF = {
    Column.REGISTERED: AreaBasis.REGISTERED,
    Column.SURVEYED: AreaBasis.SURVEYED,
    Column.CONTRACT: AreaBasis.CONTRACT,
}
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]|[*:]")


def column_of(heading: object) -> Column | None:
    """What a heading means, ignoring width, spaces, case and a unit in brackets: `建 筑面积（㎡）`."""
    if not isinstance(heading, str):
        return None
    folded = _BRACKETS.sub("", unicodedata.normalize("NFKC", heading))
    return _BY_WORD.get("".join(folded.split()).lower())


@dataclass
class Header:
    """The header row of a sheet: where each column is (from 0), and which headings came twice."""

    row: int
    places: dict[Column, int] = field(default_factory=dict)
    repeated: list[int] = field(default_factory=list)

    @property
    def missing(self) -> tuple[Column, ...]:
        """Columns without which no register can be read."""
        needed = [column for column in (Column.BUILDING, Column.ROOM, Column.OWNERS) if column not in self.places]
        if not any(column in self.places for column in AREA_COLUMNS):
            needed.append(Column.AREA)
        return tuple(needed)


def header_of(row: int, values: Sequence[object]) -> Header | None:
    """The row read as a header, or None when fewer than three of its cells are headings that we know."""
    header = Header(row)
    for place, value in enumerate(values):
        column = column_of(value)
        if column is None:
            continue
        if column in header.places:
            header.repeated.append(place)
        else:
            header.places[column] = place
    return header if len(header.places) >= 3 else None
