"""The forms of a preparation, and the file that comes with one."""

from datetime import date

from flask import request
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import NumberRange, Optional

from hoa.kernel import area, identifiers
from hoa.kernel.errors import N_, Refusal
from hoa.offices.preparing.rules.composition import DELEGATIONS, Delegation
from hoa.offices.preparing.rules.papers import WORDS, Paper
from hoa.offices.preparing.rules.trigger import GROUND_WORDS, GROUNDS, Kind
from hoa.ports import uploads
from hoa.ports.uploads import Upload
from hoa.web.forms import Form, Parses, at_most, options, required

REPORT = lazy_gettext("书面报告或申请")


class FileWanted(Refusal):
    message = N_("请选择要上传的文件")


class StartFirstForm(Form):
    ground = RadioField(lazy_gettext("由谁提出"), validators=[required()])
    received_on = DateField(lazy_gettext("街道收到的日期"), validators=[required()])
    delivered = StringField(lazy_gettext("已交付的专有部分面积（平方米）"), validators=[required(), Parses(area.parse)])
    total = StringField(lazy_gettext("专有部分总面积（平方米）"), validators=[required(), Parses(area.parse)])
    heads = IntegerField(
        lazy_gettext("书面申请的业主人数"),
        validators=[Optional(), NumberRange(0, message=lazy_gettext("请填写零或正数"))],
    )
    asked = StringField(
        lazy_gettext("书面申请的业主专有部分面积（平方米）"), validators=[Optional(), Parses(area.parse)]
    )
    papers_by = DateField(
        lazy_gettext("要求建设单位报送资料的最后日期"),
        validators=[Optional()],
        description=lazy_gettext("没有要求就留空"),
    )
    report = FileField(REPORT)

    def offer(self) -> None:
        self.ground.choices = [(one.value, gettext(GROUND_WORDS[one])) for one in GROUNDS[Kind.FIRST]]


class StartReElectionForm(Form):
    ground = RadioField(lazy_gettext("为什么换届"), validators=[required()])
    received_on = DateField(lazy_gettext("街道收到报告的日期"), validators=[required()])
    term_ends_on = DateField(
        lazy_gettext("任期的最后一天"),
        validators=[Optional()],
        description=lazy_gettext("任期届满换届时填写"),
    )
    report = FileField(REPORT)

    def offer(self) -> None:
        self.ground.choices = [(one.value, gettext(GROUND_WORDS[one])) for one in GROUNDS[Kind.RE_ELECTION]]


class MemberForm(Form):
    delegation = SelectField(lazy_gettext("代表哪一方"), validators=[required()])
    name = StringField(lazy_gettext("姓名"), validators=[required(), at_most(40)])
    phone = TelField(
        lazy_gettext("手机号"),
        validators=[Optional(), Parses(identifiers.mobile)],
        description=lazy_gettext("本人用它登录；建设单位代表和民警不在平台上办理，可以不填"),
    )
    basis = StringField(
        lazy_gettext("推荐或指派的依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：业主推荐、街道文件号"),
    )
    leader = BooleanField(lazy_gettext("担任组长"))
    consent = BooleanField(
        lazy_gettext("本人书面同意公开其党组织代表身份"), description=lazy_gettext("只有党组织代表需要")
    )

    def offer(self) -> None:
        words = [(one.value, gettext(word)) for one, word in DELEGATIONS.items()]
        self.delegation.choices = options([("", gettext("请选择")), *words])

    @property
    def speaks_for(self) -> Delegation:
        return Delegation(self.delegation.data)


class ReasonForm(Form):
    reason = StringField(lazy_gettext("原因"), validators=[required(), at_most(300)])


class FormingForm(Form):
    formed_on = DateField(lazy_gettext("街道决定成立的日期"), validators=[required()])
    reason = StringField(
        lazy_gettext("没有党组织代表参加的理由"), validators=[at_most(300)], description=lazy_gettext("都有代表就留空")
    )
    decision = FileField(lazy_gettext("街道成立小组的决定"))


class PaperForm(Form):
    kind = SelectField(lazy_gettext("是什么材料"), validators=[required()])
    note = StringField(lazy_gettext("说明"), validators=[at_most(200)])
    file = FileField(lazy_gettext("文件"))

    def offer(self, kinds: tuple[Paper, ...]) -> None:
        words = [(one.value, gettext(WORDS[one])) for one in (*kinds, Paper.EVIDENCE)]
        self.kind.choices = options([("", gettext("请选择")), *words])


class StepForm(Form):
    done_on = DateField(lazy_gettext("完成的日期"), validators=[required()])
    url = StringField(
        lazy_gettext("平台上的页面"),
        validators=[at_most(300)],
        description=lazy_gettext("例如业主大会会议的页面地址，以 /c/ 开头；没有就上传凭据"),
    )
    note = TextAreaField(lazy_gettext("说明"), validators=[at_most(1000)])
    file = FileField(lazy_gettext("凭据"))


class MeetingForm(Form):
    day = DateField(lazy_gettext("会议日期"), validators=[required()])


def sent_file(name: str) -> Upload | None:
    """The file of this form field, checked and cleaned; None when none was chosen."""
    sent = request.files.get(name)
    if sent is None or not sent.filename:
        return None
    return uploads.checked(sent.stream.read(uploads.MAX_BYTES + 1), sent.filename)


def wanted_file(name: str) -> Upload:
    """The same where a file is needed."""
    upload = sent_file(name)
    if upload is None:
        raise FileWanted
    return upload


def given(day: date | None) -> date:
    """A day that the form has required."""
    assert day is not None
    return day
