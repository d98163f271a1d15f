"""What the page says of one model's losses: what each change would save, and where the time goes."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.charts.records import Bar, Bars, Part
from memprof.reports.explain import captions
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.parts.signed import MINUS
from memprof.whatif import savings
from memprof.whatif.savings import Loss, Losses

_NONE = f"No known change is predicted to save {units.share(savings.LEAST)} or more."


def page(losses: Losses) -> Page:
    """Return what the page says and shows."""
    return Page(
        window=captions.title(losses),
        verdict=losses.sentences[0] if losses.sentences else captions.title(losses),
        figures=common.figures(_step(losses), _most(losses), _saving(losses)),
        line=f"{losses.device_title}: {captions.workload(losses)}",
        assumed=common.assumed(
            (
                *common.run_facts(losses.device_title, losses.host, losses.workload.stack),
                ("Workload", captions.workload(losses), "one step of it"),
            )
        ),
        sections=(
            Section(
                "savings",
                "Savings",
                "What a change would save of a step",
                losses.sentences[1:],
                (_savings_chart(losses),) if losses.losses else (),
                (_savings_grid(losses),) if losses.losses else (),
                (savings.NOT_ADDITIVE,) if losses.losses else (_NONE,),
            ),
            Section(
                "kinds",
                "By kind",
                "Where the predicted time goes",
                charts=(_kinds_chart(losses),),
                tables=(_kinds_grid(losses),),
            ),
        ),
        words=common.words([losses.device_family]),
        json=losses.to_json(),
    )


def _step(losses: Losses) -> Figure:
    return Figure("How long", f"{units.seconds(losses.seconds)} a step", f"predicted: {losses.off or 'not measured'}")


def _most(losses: Losses) -> Figure | None:
    if not losses.kinds:
        return None
    kind = losses.kinds[0]
    bound = words.short_bound(kind.bound, losses.device_family)
    remark = f"{units.share(kind.share)} of the step, bound by {bound}"
    return Figure(
        "What takes most", words.kinds(kind.kind).capitalize(), remark, kind.share, colors.kind_class(kind.kind)
    )


def _saving(losses: Losses) -> Figure | None:
    if not losses.losses:
        return None
    loss = losses.losses[0]
    value = f"{MINUS}{units.milliseconds(loss.saved_seconds)} ms"
    remark = f"{units.share(loss.saved_share)} of the step: {loss.change}"
    return Figure("Largest saving", value, remark, loss.saved_share, colors.LESS)


def _savings_chart(losses: Losses) -> Bars:
    bars = []
    for place, loss in enumerate(losses.losses):
        rest = max(0.0, loss.seconds - loss.saved_seconds) if not loss.analysed else 0.0
        parts = [Part(1e3 * loss.saved_seconds, colors.LESS, "saved")]
        parts += [Part(1e3 * rest, colors.PALE, "what its operators take then")] if rest else []
        text = f"{MINUS}{units.milliseconds(loss.saved_seconds)} ms, {units.share(loss.saved_share)}"
        told = loss.change, f"takes {units.seconds(loss.seconds)} now", _how(loss)
        bars.append(Bar(loss.what, tuple(parts), text, told, _key(place)))
    alt = "What each change would save: " + "; ".join(f"{bar.name} {bar.text}" for bar in bars)
    return Bars(alt, "predicted ms a step", tuple(bars))


def _key(place: int) -> str:
    return f"change {place + 1}"


def _how(loss: Loss) -> str:
    return "analysed again" if loss.analysed else "estimated"


def _savings_grid(losses: Losses) -> Grid:
    columns = (
        Column("What takes it", number=False),
        Column("saves ms", "What one step would take less: a prediction for this change alone."),
        Column("of the step", "The saving as a share of the step.", main=False),
        Column("takes now ms", "What its operators take today.", main=False),
        Column("change", "What to do.", number=False),
        Column(
            "how", "Whether the changed step was analysed, or the saving estimated from rows.", number=False, main=False
        ),
    )
    rows = tuple(
        Row(
            (
                loss.what,
                common.milliseconds(loss.saved_seconds),
                common.part(loss.saved_share, colors.LESS),
                common.milliseconds(loss.seconds),
                loss.change,
                _how(loss),
            ),
            _key(place),
        )
        for place, loss in enumerate(losses.losses)
    )
    return Grid("Changes", columns, rows)


def _kinds_chart(losses: Losses) -> Bars:
    bars = tuple(
        Bar(
            kind.kind,
            (Part(1e3 * kind.seconds, colors.kind_class(kind.kind)),),
            f"{units.seconds(kind.seconds)}, {units.share(kind.share)}",
            (f"bound by {words.short_bound(kind.bound, losses.device_family)}",),
            kind.kind,
        )
        for kind in losses.kinds
    )
    return Bars("Predicted time by kind of operator", "predicted ms a step", bars)


def _kinds_grid(losses: Losses) -> Grid:
    columns = (
        Column("Kind", number=False),
        Column("ms", "Predicted time in a step."),
        Column("share", "Of the step."),
        common.BOUND,
    )
    rows = tuple(
        Row(
            (
                Cell(kind.kind, color=colors.kind_class(kind.kind)),
                common.milliseconds(kind.seconds),
                common.part(kind.share, colors.kind_class(kind.kind)),
                words.short_bound(kind.bound, losses.device_family),
            ),
            kind.kind,
        )
        for kind in losses.kinds
    )
    return Grid("", columns, rows)
