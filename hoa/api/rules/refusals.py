"""How a call is refused. The specification knows three kinds: 404 for what does not exist, 403 for a key that is
missing or wrong, 400 for everything else; several at once are answered together.
"""

from collections.abc import Sequence

from hoa.kernel.errors import N_, Refusal


class NoJurisdiction(Refusal):
    message = N_("没有提供 jurisdiction_id：请填写小区代码，例如 jurisdiction_id=%(example)s")
    status = 400


class UnknownJurisdiction(Refusal):
    message = N_("没有 jurisdiction_id 为“%(code)s”的小区，请核对小区代码")
    status = 404


class UnknownFormat(Refusal):
    message = N_("没有“%(format)s”这种格式，地址请以 .json 或 .xml 结尾")
    status = 404


class NoService(Refusal):
    message = N_("没有提供 service_code：可用的代码见 services 接口")
    status = 400


class UnknownService(Refusal):
    message = N_("没有 service_code 为“%(code)s”的类别，可用的代码见 services 接口")
    status = 404


class UnknownRequest(Refusal):
    message = N_("没有编号为“%(label)s”的诉求，编号的写法如 2026-0012")
    status = 404


class NoTokens(Refusal):
    message = N_("没有这个 token：本接口提交后直接返回编号，从不发 token")
    status = 404


class BadKey(Refusal):
    message = N_("api_key 没有提供、写错或已停用，没有收下；请向本小区的业主委员会索取")
    status = 403


class NoLocation(Refusal):
    message = N_("没有说明位置：请提供 address_string、address_id，或同时提供 lat 和 long")
    status = 400


class BadCoordinates(Refusal):
    message = N_("lat 和 long 要同时提供，写成十进制度数：纬度在 -90 到 90 之间，经度在 -180 到 180 之间")
    status = 400


class UnknownPlace(Refusal):
    message = N_("没有 address_id 为“%(code)s”的地点；它是小区张贴的二维码里的地点代码")
    status = 400


class UnknownAttribute(Refusal):
    message = N_("没有“%(name)s”这个 attribute，可用的见 services 下这一类的说明")
    status = 400


class BadFloor(Refusal):
    message = N_("attribute[floor] 要写成整数，例如 12")
    status = 400


class FloorWithoutBuilding(Refusal):
    message = N_("attribute[entrance] 和 attribute[floor] 要和 attribute[building] 一起提供")
    status = 400


class TooMuch(Refusal):
    message = N_("%(field)s 写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")
    status = 400


class FloorWithoutEntrance(Refusal):
    message = N_("%(building)s 有几个单元，填写 attribute[floor] 时请同时填写 attribute[entrance]：%(known)s")
    status = 400


class BadMoment(Refusal):
    message = N_("%(field)s 不是带时区的时间，请写成 2026-10-20T10:00:00+08:00 或 2026-10-20T02:00:00Z")
    status = 400


class BadSpan(Refusal):
    message = N_("start_date 到 end_date 要先后相符，且不超过 %(days)s 天，请分段查询")
    status = 400


class UnknownStatus(Refusal):
    message = N_("status 只有 open 和 closed，没有“%(status)s”")
    status = 400


class TooMany(Refusal):
    message = N_("一次最多查 %(most)s 个编号，请分几次查询")
    status = 400


class Refused(Exception):
    """One call, everything that is wrong with it."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(refusals)
        self.refusals = refusals

    @property
    def status(self) -> int:
        return http_status([refusal.status for refusal in self.refusals])


# What the transport itself says keeps its own number: wait, too large, wrong method, our fault.
_TRANSPORT = frozenset({405, 413, 429})


def code(status: int) -> int:
    """The specification's number for one of ours."""
    return status if status in (403, 404) or status in _TRANSPORT or status >= 500 else 400


def http_status(statuses: Sequence[int]) -> int:
    """Of several: a key that is missing or wrong hides the rest, then what does not exist, then everything else."""
    codes = [code(status) for status in statuses]
    return next((one for one in (403, 404) if one in codes), codes[0])
