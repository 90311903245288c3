"""What is filled in on a suggestion's staff page. Every form carries along how old its page is (`seen`)."""

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import MultipleFileField
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField

from hoa.affairs.rules.checks import KIND_NAMES, OUTCOME_NAMES, STAR_NAMES
from hoa.affairs.rules.wording import REASON_LENGTH, TEXT_LENGTH
from hoa.web.forms import Form, at_most, options, required


class ActForm(Form):
    seen = HiddenField()


class ReassignForm(ActForm):
    handler = SelectField(lazy_gettext("改派给"), validators=[required()])
    reason = TextAreaField(lazy_gettext("改派的理由"), validators=[required(), at_most(REASON_LENGTH)])


class MergeForm(ActForm):
    label = StringField(
        lazy_gettext("并入哪一件（编号）"),
        validators=[required(), at_most(20)],
        description=lazy_gettext("例如 2026-0012"),
    )


class CheckForm(ActForm):
    kind = SelectField(lazy_gettext("怎样核实"), validators=[required()])
    outcome = SelectField(lazy_gettext("结果"), validators=[required()])
    stars = SelectField(lazy_gettext("电话里的评价"), default="")
    text = TextAreaField(lazy_gettext("情况"), validators=[at_most(REASON_LENGTH)])
    pictures = MultipleFileField(lazy_gettext("现场照片"))

    def offer(self) -> None:
        self.kind.choices = options([("", gettext("请选择")), *((str(k), gettext(v)) for k, v in KIND_NAMES.items())])
        outcomes = ((str(key), gettext(name)) for key, name in OUTCOME_NAMES.items())
        self.outcome.choices = options([("", gettext("请选择")), *outcomes])
        stars = (
            (str(key), gettext("%(stars)s 星：%(word)s", stars=key, word=gettext(name)))
            for key, name in STAR_NAMES.items()
        )
        self.stars.choices = options([("", gettext("没有评价")), *stars])


class AgainForm(ActForm):
    """The reporter asks for another round in a call."""

    reason = TextAreaField(lazy_gettext("提出人的理由"), validators=[required(), at_most(REASON_LENGTH)])


class PublishForm(ActForm):
    text = TextAreaField(lazy_gettext("诉求内容"), validators=[required(), at_most(TEXT_LENGTH)])
    answer = TextAreaField(lazy_gettext("办理结果"), validators=[required(), at_most(TEXT_LENGTH)])
    pictures = SelectMultipleField(lazy_gettext("一起公示的照片"))
