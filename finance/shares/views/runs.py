"""A run on the screen: drafting it within its resolution, its list, its check."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import Optional

from finance.shares.powers import CHECK, KEEP, READ
from finance.shares.rules import runs as rules
from finance.shares.rules.runs import RunState
from finance.shares.service import publishing, register
from finance.shares.service import runs as service
from finance.shares.service.runs import RunFields
from finance.shares.service.standing import batch_states, outstanding_fen, parts_of
from finance.shares.tables import ShareRun
from finance.shares.views.base import blueprint, decisions
from hoa.accounts import service as accounts
from hoa.community.tables import Unit
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import demand, public, requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told


class RunForm(Form):
    kind = RadioField(
        lazy_gettext("怎样给业主"),
        choices=options(
            [
                ("dividend", lazy_gettext("分配给业主：把钱付到业主的账号")),
                ("subsidy", lazy_gettext("冲抵物业费：一笔付给物业服务企业，按户抵扣")),
            ]
        ),
        validators=[required()],
    )
    title = StringField(
        lazy_gettext("名称"),
        validators=[required(), at_most(80)],
        description=lazy_gettext("例如：2026 年公共收益分配"),
    )
    resolution = SelectField(lazy_gettext("依据的业主大会决议"), validators=[required()])
    amount = StringField(lazy_gettext("总金额（元）"), validators=[required(), Parses(money.parse)])
    record_on = DateField(
        lazy_gettext("登记日"), validators=[required()], description=lazy_gettext("这一天名册上的业主有份")
    )
    payee = StringField(
        lazy_gettext("物业服务企业"),
        validators=[Optional(), at_most(80)],
        description=lazy_gettext("只有冲抵物业费才填"),
    )
    percent = IntegerField(
        lazy_gettext("按比例的，百分之几"),
        validators=[Optional()],
        description=lazy_gettext("决议写了金额的不用填；决议只写比例的，填比例、计算日和原文"),
    )
    base_on = DateField(lazy_gettext("按哪一天的余额计算"), validators=[Optional()])
    quote = StringField(lazy_gettext("决议里写比例的原文"), validators=[Optional(), at_most(200)])

    def fields(self) -> RunFields:
        assert self.record_on.data is not None
        return RunFields(
            kind=self.kind.data or "",
            title=self.title.data or "",
            payee=self.payee.data or "",
            resolution_id=self.resolution.data or "",
            total_fen=money.parse(self.amount.data or ""),
            record_on=self.record_on.data,
            quote=self.quote.data or "",
            percent=self.percent.data,
            base_on=self.base_on.data,
        )


class UnitForm(Form):
    unit = SelectField(lazy_gettext("哪一户"), validators=[required()])
    payee = SelectField(lazy_gettext("怎样处理"), validators=[required()])
    basis = StringField(
        lazy_gettext("依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：决议第三条；共有人书面约定"),
    )


class BecauseForm(Form):
    because = StringField(lazy_gettext("原因"), validators=[required(), at_most(200)])


EXCLUDE = "exclude"


@blueprint.route("/runs/new", methods=["GET", "POST"])
@requires(KEEP)
def new_run() -> str | Response:
    form = RunForm()
    form.resolution.choices = options([("", gettext("请选择")), *decisions(matter="M9")])
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                run = service.open_run(
                    session, context.community().id, fields=form.fields(), by=context.person_id(), now=context.now()
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("草稿已保存。核对后固定业主清单"), "ok")
            return redirect(url_for("shares.run", run_id=run.id))
    return render_template("shares/run_form.html", form=form, run=None)


@blueprint.route("/runs/<run_id>/edit", methods=["GET", "POST"])
@requires(KEEP)
def edit_run(run_id: str) -> str | Response:
    here = context.community()
    run = get(context.reading(), ShareRun, here.id, run_id)
    rules.require_state(run.state, RunState.DRAFT, RunState.LISTED)
    form = RunForm()
    form.resolution.choices = options([("", gettext("请选择")), *decisions(matter="M9")])
    if not form.is_submitted():
        form.kind.data, form.title.data, form.payee.data = run.kind, run.title, run.payee
        form.resolution.data, form.amount.data = run.resolution_id, money.plain(run.total_fen)
        form.record_on.data, form.percent.data, form.base_on.data = run.record_on, run.percent, run.base_on
        form.quote.data = run.quote
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.revise_run(
                    session,
                    here.id,
                    run_id=run_id,
                    fields=form.fields(),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已保存。有过清单的，要重新固定"), "ok")
            return redirect(url_for("shares.run", run_id=run_id))
    return render_template("shares/run_form.html", form=form, run=run)


@blueprint.get("/runs/<run_id>")
@public
def run(run_id: str) -> str:
    """Totals for everybody once a second person has checked them; the rest for those who keep and audit the books."""
    row = get(context.reading(), ShareRun, context.community().id, run_id)
    if row.state != RunState.CHECKED:
        demand(READ)
    return run_page(row)


def run_page(row: ShareRun, *, unit: UnitForm | None = None, refused: str | None = None) -> str:
    session, inside = context.reading(), context.may(READ)
    lines = service.lines_of(session, row)
    standings = parts_of(session, row) if inside else {}
    batches = service.batches(session, row) if inside else []
    counts: dict[str, list[int]] = {}
    for standing in standings.values():
        count = counts.setdefault(str(standing.state), [0, 0])
        count[0], count[1] = count[0] + 1, count[1] + standing.part.amount_fen
    people = accounts.names(session, [who for who in (row.made_by_id, row.listed_by_id, row.checked_by_id) if who])
    editing = context.may(KEEP) and row.state in (RunState.DRAFT, RunState.LISTED)
    return render_template(
        "shares/run.html",
        run=row,
        decision=resolutions.get(session, row.community_id, row.resolution_id),
        lines=lines,
        counts=counts,
        batches=[(batch, batch_states(session, [batch])[batch.id]) for batch in batches],
        outstanding=outstanding_fen(session, row) if row.state == RunState.CHECKED else None,
        people=people,
        me_id=context.person_id() if inside else None,
        unit_form=(unit or _unit_form(row)) if editing else None,
        choices=[
            (get(session, Unit, row.community_id, unit_id), choice)
            for unit_id, choice in service.choices(session, row).items()
        ]
        if inside
        else [],
        excluded=[line for line, _ in lines if line.excluded_because],
        stale=inside and row.state == RunState.LISTED and service.is_stale(session, row),
        published=publishing.latest(session, row),
        inside=inside,
        refused=refused,
    )


def _unit_form(row: ShareRun) -> UnitForm:
    """Which units there are, and what may be said of the one that was chosen."""
    form = UnitForm()
    session = context.reading()
    units = register.units_on(session, row.community_id, day=row.record_on, choices={})
    form.unit.choices = options([("", gettext("请选择")), *((unit.unit_id, unit.label) for unit in units)])
    shared = [unit for unit in units if len(unit.holders) > 1]
    form.payee.choices = [
        *options([("", gettext("请选择")), (EXCLUDE, gettext("按决议不参加分配"))]),
        *options(
            (
                (
                    f"{unit.unit_id}:{holder.owner_id}",
                    gettext("%(room)s 由 %(name)s 收款", room=unit.label, name=holder.name),
                )
                for unit in shared
                for holder in unit.holders
            ),
            group=gettext("共有人指定的收款人"),
        ),
    ]
    return form


@blueprint.post("/runs/<run_id>/units")
@requires(KEEP)
def choose_unit(run_id: str) -> tuple[str, int] | Response:
    """Leave a unit out, or name whom its co-owners want to be paid."""
    here = context.community()
    row = get(context.reading(), ShareRun, here.id, run_id)
    form = _unit_form(row)
    unit_id, _, payee_id = (form.payee.data or "").partition(":")
    if form.validate_on_submit() and payee_id and unit_id != form.unit.data:
        form.payee.errors = [*form.payee.errors, gettext("这位收款人不是所选那一户的共有人")]
    elif form.validate_on_submit():
        try:
            with context.writing() as session:
                service.choose(
                    session,
                    here.id,
                    run_id=run_id,
                    unit_id=form.unit.data or "",
                    payee_id=payee_id or None,
                    basis=form.basis.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            row = get(context.reading(), ShareRun, here.id, run_id)
            return run_page(row, unit=form, refused=told(refusal)), refusal.status
        else:
            flash(gettext("已写明。请重新固定清单"), "ok")
            return redirect(url_for("shares.run", run_id=run_id))
    return run_page(get(context.reading(), ShareRun, here.id, run_id), unit=form), 400


@blueprint.post("/runs/<run_id>/units/<unit_id>/clear")
@requires(KEEP)
def clear_unit(run_id: str, unit_id: str) -> Response:
    with context.writing() as session:
        service.unchoose(session, context.community().id, run_id=run_id, unit_id=unit_id)
    flash(gettext("已取消。请重新固定清单"), "ok")
    return redirect(url_for("shares.run", run_id=run_id))


@blueprint.post("/runs/<run_id>/freeze")
@requires(KEEP)
def freeze(run_id: str) -> tuple[str, int] | Response:
    try:
        with context.writing() as session:
            service.freeze(session, context.community().id, run_id=run_id, by=context.person_id(), now=context.now())
    except Refusal as refusal:
        return refused(run_id, refusal)
    flash(gettext("业主清单已固定，等另一位委员核对"), "ok")
    return redirect(url_for("shares.run", run_id=run_id))


@blueprint.post("/runs/<run_id>/check")
@requires(CHECK)
def check(run_id: str) -> tuple[str, int] | Response:
    try:
        with context.writing() as session:
            service.check(session, context.community().id, run_id=run_id, by=context.person_id(), now=context.now())
    except Refusal as refusal:
        return refused(run_id, refusal)
    flash(gettext("清单已核对，财务委员可以付款，业主可以看到自己的一份"), "ok")
    return redirect(url_for("shares.run", run_id=run_id))


@blueprint.route("/runs/<run_id>/drop", methods=["GET", "POST"])
@requires(KEEP)
def drop(run_id: str) -> str | Response:
    """Give a run up, with the reason."""
    here, form = context.community(), BecauseForm()
    row = get(context.reading(), ShareRun, here.id, run_id)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.drop(session, here.id, run_id=run_id, because=form.because.data or "")
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已放弃这次分配"), "ok")
            return redirect(url_for("shares.index"))
    return render_template("shares/drop.html", form=form, run=row)


@blueprint.post("/runs/<run_id>/publish")
@requires(KEEP)
def publish(run_id: str) -> tuple[str, int] | Response:
    """Publish the totals; nobody's own line."""
    here = context.community()
    try:
        with context.writing() as session:
            publishing.publish(
                session, here.id, run_id=run_id, code=here.code, by=context.person_id(), now=context.now()
            )
    except Refusal as refusal:
        return refused(run_id, refusal)
    flash(gettext("合计已公示"), "ok")
    return redirect(url_for("shares.run", run_id=run_id))


def refused(run_id: str, refusal: Refusal) -> tuple[str, int]:
    """The run's page with what stands in the way, and the buttons that mend it."""
    row = get(context.reading(), ShareRun, context.community().id, run_id)
    return run_page(row, refused=told(refusal)), refusal.status
