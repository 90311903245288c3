"""Who answers for what, and the norms that several checks rest on."""

from hoa.kernel.errors import N_

TREASURER = N_("业主委员会 财务委员")
CHAIR = N_("业主委员会 主任")
COMMITTEE = N_("业主委员会")

AUTHORITY = N_("业主大会议事规则约定的单笔权限；指导规则")
DECISION = N_("民法典第二百七十八条；业主大会议事规则")
BOOKKEEPING = N_("会计基础工作规范；会计法第十四条")
CONTRACT = N_("民法典第二百八十二条；合同约定")
CASH = N_("现金管理暂行条例第九条至第十一条；物业管理条例关于专户的规定")
FUNDS = N_("民法典第二百八十二条；公共收益与工作经费分账核算")
BANK = N_("会计法第十七条；内部会计控制规范—货币资金")
