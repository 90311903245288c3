"""Checks of what the owners get: distributions, top-up, allowances, the property fee's own costs."""

from finance.audit.rules import shares
from finance.audit.rules.catalogue.norms import CHAIR, TREASURER
from finance.audit.rules.findings import Check
from hoa.kernel.errors import N_

CHECKS: tuple[Check, ...] = (
    Check(
        code="F15",
        id="allowances",
        title=N_("津贴超过标准或任期外领取"),
        rule=N_("业主大会关于津贴标准的决议；指导规则第四十二条"),
        office=TREASURER,
        advice=N_("核对任职和标准，多领的退回工作经费"),
        run=shares.allowances,
    ),
    Check(
        code="F19",
        id="topup",
        title=N_("补充维修资金不足"),
        rule=N_("物业管理条例第五十四条；当地规定或业主大会决议"),
        office=TREASURER,
        advice=N_("把差额转入专项维修资金，并取得到账证明"),
        run=shares.topup,
    ),
    Check(
        code="F20",
        id="distributions",
        title=N_("分配与决议不符"),
        rule=N_("民法典第二百七十八条、第二百八十三条；业主大会决议"),
        office=CHAIR,
        advice=N_("停止付款，按决议重新核对业主清单；多付的追回"),
        run=shares.distributions,
    ),
    Check(
        code="F21",
        id="fee_items",
        title=N_("物业费项目列入公共收益"),
        rule=N_("物业服务合同；民法典第二百八十二条"),
        office=TREASURER,
        advice=N_("由物业服务企业承担，已经付的退回公共收益"),
        run=shares.fee_items,
    ),
)
