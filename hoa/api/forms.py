"""What the desk writes about software that gets a key."""

from flask_babel import lazy_gettext
from wtforms import StringField

from hoa.api.service.keys import MOST_CONTACT, MOST_NAME
from hoa.web.forms import Form, at_most, required


class KeyForm(Form):
    name = StringField(
        lazy_gettext("软件名称"),
        validators=[required(), at_most(MOST_NAME)],
        description=lazy_gettext("例如：街道热线平台"),
    )
    contact = StringField(
        lazy_gettext("对方的联系人和电话"),
        validators=[required(), at_most(MOST_CONTACT)],
        description=lazy_gettext("出了问题找谁；只有本小区有权管理密钥的人看得到"),
    )
