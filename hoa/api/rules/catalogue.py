"""What may be reported: the platform's categories as services of GeoReport v2, with examples people search by."""

from collections.abc import Mapping

from hoa.kernel.errors import N_

# Comma separated, as the specification wants its keywords; keys are those of hoa.affairs.rules.intake.CATEGORIES.
EXAMPLES: Mapping[str, str] = {
    "repairs": N_("路灯, 墙面, 屋面漏水, 路面, 门窗, 健身器材"),
    "lift": N_("电梯停运, 困人, 异响, 按钮"),
    "water_power": N_("停水, 停电, 燃气, 管道, 水泵"),
    "fire_safety": N_("消防通道, 灭火器, 消火栓, 高空抛物, 飞线充电"),
    "parking": N_("占用车位, 违停, 充电桩, 非机动车棚"),
    "cleaning": N_("垃圾清运, 楼道卫生, 垃圾分类, 蚊虫"),
    "greening": N_("树木修剪, 草坪, 枯枝, 毁绿"),
    "noise_neighbours": N_("装修噪声, 广场舞, 宠物, 邻里纠纷"),
    "order_gate": N_("门禁, 大门, 外来人员, 快递柜"),
    "fees_accounts": N_("物业费, 停车费, 公共收益, 账目"),
    "other": N_("其他建议, 表扬"),
}
