"""What people type to come in."""

import unicodedata
from typing import Any

from flask_babel import lazy_gettext
from wtforms import PasswordField, RadioField, StringField, TelField
from wtforms.validators import EqualTo

from hoa.kernel import identifiers
from hoa.web.forms import Form, Parses, at_most, options, required


def _figures(text: str | None) -> str | None:
    """A code as typed on any keyboard: full-width figures and spaces between them are meant well."""
    return "".join(unicodedata.normalize("NFKC", text).split()) if text else text


class PhoneForm(Form):
    phone = TelField(lazy_gettext("手机号"), validators=[required(), Parses(identifiers.mobile)])


class CodeForm(Form):
    code = StringField(lazy_gettext("短信验证码"), validators=[required(), at_most(20)], filters=[_figures])


class FactorForm(Form):
    """Figures of the app or a recovery code."""

    code = StringField(lazy_gettext("验证器的数字"), validators=[required(), at_most(20)], filters=[_figures])


class PasswordSignInForm(Form):
    phone = TelField(lazy_gettext("手机号"), validators=[required(), Parses(identifiers.mobile)])
    password = PasswordField(lazy_gettext("密码"), validators=[required()])


class SetupForm(Form):
    code = StringField(lazy_gettext("启用码"), validators=[required(), at_most(40)])
    name = StringField(lazy_gettext("您的姓名"), validators=[required(), at_most(40)])
    phone = TelField(lazy_gettext("手机号"), validators=[required(), Parses(identifiers.mobile)])


class PreferencesForm(Form):
    language = RadioField(lazy_gettext("语言"), choices=options([("zh-CN", "简体中文"), ("en", "English")]))
    senior = RadioField(
        lazy_gettext("字号"),
        choices=options(
            [
                ("0", lazy_gettext("标准字号")),
                ("1", lazy_gettext("大字")),
                ("2", lazy_gettext("特大字")),
            ]
        ),
    )


class PasswordForm(Form):
    """A new password; the present one is asked for by the page where there is one."""

    current = PasswordField(lazy_gettext("现在的密码"))
    password = PasswordField(lazy_gettext("新密码"), validators=[required()])
    again = PasswordField(
        lazy_gettext("再输一次新密码"),
        validators=[required(), EqualTo("password", message=lazy_gettext("两次输入的密码不一样，请重新输入"))],
    )


class RemovePasswordForm(Form):
    current = PasswordField(lazy_gettext("现在的密码"), validators=[required()])


class LabelForm(Form):
    label = StringField(lazy_gettext("名称"), validators=[required(), at_most(40)])


def refuse(field: Any, message: str) -> None:
    """Show what the service refused beside its field."""
    field.errors = [*field.errors, message]
