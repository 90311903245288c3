"""Drawing vouchers, ticking them off, and the proof of a draw for anybody."""

from collections.abc import Mapping

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from finance.rules.periods import month_text
from finance.service.books import chart_of, find_book
from finance.supervision.powers import FIND, READ
from finance.supervision.rules import sampling
from finance.supervision.rules.sampling import METHOD_NAMES, RESULT_NAMES, Method, Plan, Result
from finance.supervision.service import samples as service
from finance.supervision.tables import Sample, SampleItem
from finance.supervision.views.base import blueprint, names_of
from finance.tables import Book
from hoa.db import get
from hoa.kernel import canonical, money
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, Parses, options, required
from hoa.web.i18n import told


class SampleForm(Form):
    start = DateField(lazy_gettext("起始日"), validators=[required()])
    end = DateField(lazy_gettext("截止日"), validators=[required()])
    method = RadioField(
        lazy_gettext("怎样抽"),
        choices=options((str(key), lazy_gettext(name)) for key, name in METHOD_NAMES.items()),
        default=str(Method.ABOVE),
        validators=[required()],
    )
    threshold = StringField(
        lazy_gettext("金额起点（元）"), default="5000", validators=[Optional(), Parses(money.parse)]
    )
    size = IntegerField(
        lazy_gettext("随机抽几张"),
        default=10,
        validators=[Optional(), NumberRange(1, sampling.MOST, message=lazy_gettext("请填 %(min)s 到 %(max)s"))],
    )
    account = SelectField(lazy_gettext("科目"), validators=[Optional()])

    def offer(self, book: Book) -> None:
        """The accounts of the book that take entries."""
        rows = [(one.code, f"{one.code} {one.name}") for one in chart_of(book).accounts]
        self.account.choices = options([("", gettext("请选择")), *rows])

    def plan(self) -> Plan:
        return Plan(
            method=Method(self.method.data),
            threshold_fen=money.parse(self.threshold.data or "0") if self.method.data == Method.ABOVE else 0,
            size=self.size.data or 0 if self.method.data == Method.RANDOM else 0,
            account=self.account.data or "" if self.method.data == Method.ACCOUNT else "",
        )


@blueprint.get("/samples")
@requires(READ)
def samples() -> str:
    session, here = context.reading(), context.community()
    return render_template(
        "supervision/samples.html",
        rows=service.samples(session, here.id),
        progress=service.progress(session, here.id),
        METHOD_NAMES=METHOD_NAMES,
        Method=Method,
    )


@blueprint.route("/samples/new", methods=["GET", "POST"])
@requires(FIND)
def draw() -> str | Response:
    form, book = SampleForm(), find_book(context.reading(), context.community().id)
    if book is None:
        raise NotFound
    form.offer(book)
    if form.validate_on_submit():
        assert form.start.data is not None
        assert form.end.data is not None
        try:
            with context.writing() as session:
                row = service.draw(
                    session,
                    context.community().id,
                    plan=form.plan(),
                    start=form.start.data,
                    end=form.end.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("清单已抽出并固定"), "ok")
            return redirect(url_for("supervision.sample", sample_id=row.id))
    return render_template("supervision/sample_form.html", form=form)


@blueprint.get("/samples/<sample_id>")
@requires(READ)
def sample(sample_id: str) -> str:
    return _sample(sample_id)


def _sample(sample_id: str, *, refused: str = "", typed: Mapping[str, str] | None = None, item_id: str = "") -> str:
    """The list; `refused` and what was typed stand at the item `item_id` they belong to."""
    session, here = context.reading(), context.community()
    row = get(session, Sample, here.id, sample_id)
    lines = service.lines(session, row)
    return render_template(
        "supervision/sample.html",
        sample=row,
        lines=lines,
        names=names_of([row.drawn_by, *(line.item.ticked_by for line in lines)]),
        left=sum(line.item.result is None for line in lines),
        METHOD_NAMES=METHOD_NAMES,
        RESULT_NAMES=RESULT_NAMES,
        month_text=month_text,
        Method=Method,
        Result=Result,
        seeds=_seeds(session, row) if row.method == Method.RANDOM and not row.seed else {},
        may_tick=context.may(FIND),
        refused=refused,
        typed=typed or {},
        item_id=item_id,
    )


def _seeds(session: Session, row: Sample) -> Mapping[int, str]:
    """The seed of each month of a random list, from the vouchers as they are now."""
    book = get(session, Book, row.community_id, row.book_id)
    months = sampling.by_month(service.population(session, book, start=row.starts_on, end=row.ends_on))
    return {month: sampling.month_seed(hashes) for month, hashes in months.items()}


@blueprint.post("/samples/items/<sample_item_id>")
@requires(FIND)
def tick(sample_item_id: str) -> str | Response:
    """One voucher's result. What is wrong with it is told on the list, where it was typed."""
    here = context.community()
    item = get(context.reading(), SampleItem, here.id, sample_item_id)
    sample_id, position = item.sample_id, item.position
    try:
        with context.writing() as session:
            service.tick(
                session,
                here.id,
                sample_item_id,
                result=sampling.result_of(request.form.get("result", "")),
                note=request.form.get("note", ""),
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        return _sample(sample_id, refused=told(refusal), typed=request.form.to_dict(), item_id=sample_item_id)
    return redirect(url_for("supervision.sample", sample_id=sample_id) + f"#item-{position}")


@blueprint.get("/samples/<sample_id>/proof.json")
@public
def proof(sample_id: str) -> FlaskResponse:
    """What anybody needs to draw again: the rule, every hash that could be drawn by its month, and those that were. No
    name, no amount."""
    session, here = context.reading(), context.community()
    row = get(session, Sample, here.id, sample_id)
    book = get(session, Book, here.id, row.book_id)
    found = service.population(session, book, start=row.starts_on, end=row.ends_on)
    data = {
        "format": sampling.TYPED_FORMAT if row.seed else sampling.FORMAT,
        "number": row.number,
        "method": row.method,
        "start": row.starts_on.isoformat(),
        "end": row.ends_on.isoformat(),
        "seed": row.seed,
        "size": row.size,
        "threshold_fen": row.threshold_fen,
        "account": row.account,
        "digest": row.digest,
        "population": sorted(one.hash for one in found),
        "months": {month_text(month): hashes for month, hashes in sampling.by_month(found).items()},
        "drawn": [line.item.hash for line in service.lines(session, row)],
    }
    return FlaskResponse(canonical.encode(data), mimetype="application/json")
