"""`hoa account …`: what only the operator can do for somebody's account."""

import click

from hoa.accounts import second_factor, service
from hoa.kernel.errors import N_, Refusal
from hoa.platform import Platform


class NobodyByThisPhone(Refusal):
    message = N_("没有用这个手机号登记的账户，请核对号码")
    status = 404


@click.group()
def account() -> None:
    """People's accounts."""


@account.command(name="forget-authenticator")
@click.argument("phone")
@click.pass_obj
def forget_authenticator(platform: Platform, phone: str) -> None:
    """Forget the authenticator of the person with PHONE, whose phone and recovery codes are lost. Only after two
    officers of the identity desk have seen the person.
    """
    now = platform.now()
    with platform.database.writing() as session:
        person = service.find_by_phone(session, platform.keys, phone)
        if person is None:
            raise NobodyByThisPhone
        second_factor.forget(session, person_id=person.id, now=now)
    click.echo("forgotten; the person may set up another one")
