"""My share: what I get, how it was reckoned, how far it is, and where I want it paid."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField

from finance.shares.rules import accounts as account_rules
from finance.shares.service import accounts, own, register
from finance.shares.service.own import OwnShare
from finance.shares.service.standing import accounts_of
from finance.shares.views.base import blueprint
from hoa.kernel import area, money
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.forms import Form, Parses, at_most, required
from hoa.web.i18n import told


class AccountForm(Form):
    bank = StringField(
        lazy_gettext("开户银行"),
        validators=[required(), at_most(60)],
        description=lazy_gettext("写到支行，例如：某某银行某某支行"),
    )
    number = StringField(
        lazy_gettext("账号"),
        validators=[required(), at_most(60), Parses(account_rules.number)],
        description=lazy_gettext("必须是您本人（或本单位）名下的账号"),
    )


@blueprint.get("/mine")
@signed_in
def mine() -> str:
    return _page(AccountForm(formdata=None))


def _page(form: AccountForm) -> str:
    session, here = context.reading(), context.community()
    owners = register.owners_of_person(session, here.id, context.person_id())
    account = next(iter(accounts_of(session, here.id, {owner.id for owner in owners}).values()), None)
    return render_template(
        "shares/mine.html",
        owners=owners,
        rows=own.shares(session, here.id, context.person_id()),
        account=account,
        again=_again,
        masked=accounts.masked(context.platform().keys, account) if account is not None else "",
        form=form,
    )


def _again(share: OwnShare) -> str:
    """The calculator with the amount, my area and all the others' as one."""
    areas = [share.line.area, (share.run.area or 0) - share.line.area]
    shown = ",".join(area.plain(value) for value in areas if value > 0)
    return url_for("shares.calculator", amount=money.plain(share.run.total_fen), areas=shown)


@blueprint.post("/mine/account")
@signed_in
def give_account() -> str | Response:
    """Write down where I want to be paid."""
    form = AccountForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                accounts.give(
                    session,
                    context.platform().keys,
                    context.community().id,
                    bank=form.bank.data or "",
                    number=form.number.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("账号已保存，只有付款的人能看到完整号码"), "ok")
            return redirect(url_for("shares.mine"))
    return _page(form)


@blueprint.post("/mine/account/end")
@signed_in
def end_account() -> Response:
    with context.writing() as session:
        accounts.end(session, context.community().id, by=context.person_id(), now=context.now())
    flash(gettext("账号已撤回"), "ok")
    return redirect(url_for("shares.mine"))
