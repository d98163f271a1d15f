"""Differences of the same sort in sibling modules as one change each, said in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.gate import differences, naming
from memprof.gate.differences import Difference
from memprof.gate.modules import OPTIMIZER, Amounts, Call, Module, natural_order
from memprof.gate.records import Change

MINUS = "−"
_BACKWARD = "_backward"
_MOST_NAMED = 3
"""Operators, and pairs of shapes, that a sentence names before it counts them."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Differences that one sentence tells."""

    what: str
    detail: str
    differences: tuple[Difference, ...]

    @property
    def modules(self) -> list[str]:
        return sorted(
            {naming.name_module(item.module, item.call.phase) for item in self.differences}, key=natural_order
        )

    @property
    def operators(self) -> list[str]:
        """Return its operators; one and its backward are the same here."""
        return list(dict.fromkeys(_name(item.call) for item in self.differences))


def changes_of(differing: Iterable[Difference], device: str, notes: dict[str, str]) -> tuple[Change, ...]:
    """Return the changes that differences amount to; `notes` is what to add about a whole module, by its path."""
    groups: dict[tuple[object, ...], list[Difference]] = {}
    for item in differing:
        groups.setdefault(_key(item), []).append(item)
    return tuple(
        _change(_Group(items[0].what, _detail(items[0]), tuple(items)), device, notes) for items in groups.values()
    )


def describe_cost(delta: Amounts, device: str) -> str:
    """Say what a change costs: "+310 MB per step, +240 µs on a100"; "" where it costs nothing."""
    parts = []
    if abs(delta.dram_bytes) >= 0.5:
        parts.append(_with_sign(units.byte_count(abs(delta.dram_bytes)), delta.dram_bytes))
    if abs(delta.flops) >= 0.5:
        parts.append(_with_sign(units.flop_count(abs(delta.flops)), delta.flops))
    if delta.launches and not parts:
        noun = "kernel launch" if abs(delta.launches) == 1 else "kernel launches"
        parts.append(_with_sign(f"{units.count(abs(delta.launches))} {noun}", delta.launches))
    seconds = f"{_with_sign(units.seconds(abs(delta.seconds)), delta.seconds)}" if delta.seconds else ""
    if not parts:
        return f"{seconds} per step on {device}" if seconds else ""
    return f"{', '.join(parts)} per step{f', {seconds} on {device}' if seconds else ''}"


def _with_sign(text: str, value: float) -> str:
    return f"{'+' if value > 0 else MINUS}{text}"


def _key(item: Difference) -> tuple[object, ...]:
    """Return what differences of one sentence share.

    What spreads through a network (a dtype, a layout, a bound) is one sentence for all the operators that it reaches;
    anything else is one for an operator, with its backward, in sibling modules.
    """
    if item.what in (differences.DTYPE, differences.LAYOUT, differences.BOUND):
        return item.what, _detail(item)
    if _is_update(item):
        return (OPTIMIZER,)
    path = naming.pattern(item.module)
    if item.whole:
        return item.what, path, item.whole.total.calls, frozenset(_names(item.whole))
    counts = (item.calls_before, item.calls_after) if item.what not in (differences.SHAPE, differences.WORK) else ()
    return item.what, path, _name(item.call), _detail(item), counts


def _change(group: _Group, device: str, notes: dict[str, str]) -> Change:
    delta = sum((item.delta for item in group.differences), Amounts())
    where, cost = naming.name_modules(group.modules), describe_cost(delta, device)
    clause = f"{_clause(group)}{next((notes[path] for path in group.modules if path in notes), '')}"
    names = group.operators
    return Change(
        what=group.what,
        module=where,
        operator=group.differences[0].call.operator if len(names) == 1 else "",
        text=f"{where}: {clause}{f', {cost}' if cost else ''}",
        calls=delta.calls,
        launches=delta.launches,
        flops=delta.flops,
        dram_bytes=delta.dram_bytes,
        seconds=delta.seconds,
    )


def _clause(group: _Group) -> str:
    """Say what happened, without where and what it costs."""
    first = group.differences[0]
    each = " each" if len(group.modules) > 1 else ""
    if first.whole:
        return _module_clause(group, first.whole, each)
    named = _list_operators(group.operators)
    if _is_update(first):
        return (
            f"{named} now {'update' if len(group.operators) > 1 else 'updates'} {_parameter_change(group.differences)}"
        )
    passes = _passes(group.differences)
    notes = _remarks([group.detail or _common_shape(group.differences), passes])
    match group.what:
        case differences.NEW:
            return f"{first.calls_after} new {named}{each}{notes}"
        case differences.GONE:
            return f"{first.calls_before} {named}{each} gone{notes}"
        case differences.MORE | differences.FEWER:
            return f"{named} called {_times(first.calls_after)}{each}, {_times(first.calls_before)} before{notes}"
        case differences.WORK:
            return f"{named}{_remarks([passes])} {_work(group.differences)}"
        case _:
            return f"{named}{_remarks([passes])} now {group.detail}{_bound_remark(group)}"


def _is_update(item: Difference) -> bool:
    """Return whether the optimizer updates other parameters; baselines hold each shape that it updates once."""
    return item.call.phase == OPTIMIZER and item.what in (differences.SHAPE, differences.WORK)


def _parameter_change(items: Sequence[Difference]) -> str:
    moved = sum(item.delta.dram_bytes for item in items)
    return "more parameters" if moved > 0 else "fewer parameters" if moved < 0 else "the parameters in other groups"


def _remarks(notes: Sequence[str]) -> str:
    """Return remarks in brackets; nothing where there are none."""
    text = ", ".join(filter(None, notes))
    return f" ({text})" if text else ""


def _module_clause(group: _Group, module: Module, each: str) -> str:
    names = _list_operators(_names(module))
    calls = module.total.calls
    counted = f"{calls} {'operator' if calls == 1 else 'operators'}{each}"
    noun = "modules" if each else "module"
    return f"new {noun}, {counted}: {names}" if group.what == differences.NEW else f"{noun} gone, {counted}: {names}"


def _names(module: Module) -> list[str]:
    """Return the operators in and below a module, the one that takes longest first, each with its backward."""
    seconds: dict[str, float] = {}
    for below in module.walk():
        for call, amounts in below.own.items():
            seconds[_name(call)] = seconds.get(_name(call), 0.0) + amounts.seconds
    return sorted(seconds, key=lambda name: (-seconds[name], name))


def _name(call: Call) -> str:
    name = call.operator.removesuffix(_BACKWARD)
    return f"depthwise {name}" if call.kind == "depthwise convolution" else name


def _list_operators(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMED:
        return words.enumerate_words(list(names))
    return f"{', '.join(names[: _MOST_NAMED - 1])} and {len(names) - _MOST_NAMED + 1} other operators"


def _passes(items: Sequence[Difference]) -> str:
    """Say in which pass of a training step a difference is, unless it is the forward pass."""
    phases = {item.call.phase for item in items}
    if phases == {"backward"}:
        return "backward"
    return "forward and backward" if {"forward", "backward"} <= phases else ""


def _detail(item: Difference) -> str:
    """Say in what way a call differs."""
    was, now = item.before, item.after
    if was and now:
        match item.what:
            case differences.SHAPE:
                return _shapes(was, now)
            case differences.DTYPE:
                return f"in {now.dtype} instead of {was.dtype}"
            case differences.LAYOUT:
                return _layouts(was, now)
            case differences.BOUND:
                return _bound(was, now)
    call = item.call
    if call.operator.endswith("copy_") and len(call.layouts) == 2 and call.layouts[0] != call.layouts[1]:
        return f"{call.layouts[1]} to {call.layouts[0]}"  # copy_(destination, source)
    return f"{call.layouts[0]} input" if call.kind == "layout" and call.layouts else ""


def _common_shape(items: Sequence[Difference]) -> str:
    """Say the shape that an operator works on, where it is the same for all."""
    shapes = {max(item.call.shapes, key=len, default=()) for item in items}
    shape = shapes.pop()
    return units.shape(shape) if shape and not shapes else ""


def _shapes(was: Call, now: Call) -> str:
    if len(was.shapes) != len(now.shapes):
        return f"on {len(now.shapes)} inputs instead of {len(was.shapes)}"
    pairs = dict.fromkeys((a, b) for a, b in zip(was.shapes, now.shapes, strict=True) if a != b)
    return f"on {_few_shapes([new for _, new in pairs])} instead of {_few_shapes([old for old, _ in pairs])}"


def _few_shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    shown = shapes[: _MOST_NAMED - 1]
    rest = f" and {len(shapes) - len(shown)} more" if len(shapes) > len(shown) else ""
    return f"{units.shapes(tuple(shown))}{rest}"


def _layouts(was: Call, now: Call) -> str:
    if len(was.layouts) != len(now.layouts):
        return "on inputs that lie in memory in another way"
    pairs = dict.fromkeys((a, b) for a, b in zip(was.layouts, now.layouts, strict=True) if a != b)
    olds, news = dict.fromkeys(old for old, _ in pairs), dict.fromkeys(new for _, new in pairs)
    return f"on {' and '.join(news)} inputs instead of {' and '.join(olds)}"


def _bound(was: Call, now: Call) -> str:
    names = [words.bound(call.bound).partition(",")[0] for call in (now, was)]
    return f"bound by {names[0]} instead of {names[1]}"


def _bound_remark(group: _Group) -> str:
    """Say that what bounds it changed as well, where that is so for all."""
    if group.what == differences.BOUND:
        return ""
    bounds = {
        _bound(item.before, item.after) if item.before.bound != item.after.bound else ""
        for item in group.differences
        if item.before and item.after
    }
    bound = bounds.pop() if len(bounds) == 1 else ""
    return f", {bound}" if bound else ""


def _work(items: Sequence[Difference]) -> str:
    flops = sum(item.delta.flops for item in items)
    moved = sum(item.delta.dram_bytes for item in items)
    amounts = (("arithmetic", flops), ("traffic", moved))
    parts = [f"{'more' if delta > 0 else 'less'} {noun}" for noun, delta in amounts if abs(delta) >= 0.5]
    if not parts:
        return "with another number of kernels for the same inputs"
    return f"with {' and '.join(parts)} for inputs of the same shapes (its arguments changed, such as the stride)"


def _times(calls: int) -> str:
    return {1: "once", 2: "twice"}.get(calls, f"{calls} times")
