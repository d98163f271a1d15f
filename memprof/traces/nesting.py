"""From spans on a thread to nested events, with the kernels that each launched itself."""

from __future__ import annotations

from collections.abc import Iterable

from memprof.profiles.records import Event, EventCategory, Kernel
from memprof.traces.kinds import is_old_node
from memprof.traces.lanes import Span, in_order

DEEPEST = 256
"""What would nest deeper stands beside what it lies in: readers of a profile descend by recursion."""

_LAUNCHERS = (EventCategory.OPERATOR, EventCategory.AUTOGRAD)


class _Open:
    """A call whose end has not come yet; `launcher` is the innermost call that launches, itself or what it lies in."""

    __slots__ = ("category", "children", "kernels", "launcher", "lies_in_node", "span")

    def __init__(self, span: Span, category: EventCategory, above: _Open | None) -> None:
        self.span = span
        self.lies_in_node: bool = above is not None and (above.lies_in_node or above.category is EventCategory.AUTOGRAD)
        if category is EventCategory.OPERATOR and not self.lies_in_node and is_old_node(span.name):
            category = EventCategory.AUTOGRAD  # by its name only where the autograd engine shows no node
        self.category: EventCategory = category
        self.launcher: _Open | None = self if category in _LAUNCHERS else above and above.launcher
        self.children: list[Event] = []
        self.kernels: list[Kernel] = []

    def close(self) -> Event:
        span = self.span
        kernels = self.kernels
        if len(kernels) > 1:
            kernels.sort(key=_kernel_order)
        return Event(
            span.name,
            self.category,
            span.inputs.values,
            span.sequence_number,
            tuple(self.children),
            span.start_ns,
            span.end_ns - span.start_ns,
            tuple(kernels),
        )


def nest(spans: Iterable[Span]) -> tuple[list[Event], list[Kernel]]:
    """Return the outermost events of one thread in order of start, and the kernels launched outside every call.

    A kernel belongs to the innermost operator, or backward node, in which its launch began. A call that ends after the
    one it began in, which only a coarse clock makes of real calls, counts as inside.
    """
    roots: list[Event] = []
    outside: list[Kernel] = []
    stack: list[_Open] = []
    for span in sorted(spans, key=in_order):
        start, end = span.start_ns, span.end_ns
        while stack and start >= stack[-1].span.end_ns and end > stack[-1].span.end_ns:
            _close_last(stack, roots)
        if span.category is None:
            launcher = stack[-1].launcher if stack else None
            (launcher.kernels if launcher else outside).extend(span.kernels or ())
        else:
            if len(stack) >= DEEPEST:
                _close_last(stack, roots)
            stack.append(_Open(span, span.category, stack[-1] if stack else None))
    while stack:
        _close_last(stack, roots)
    return roots, outside


def _close_last(stack: list[_Open], roots: list[Event]) -> None:
    event = stack.pop().close()
    (stack[-1].children if stack else roots).append(event)


def _kernel_order(kernel: Kernel) -> tuple[int, int, str]:
    return kernel.start_ns, kernel.duration_ns, kernel.name
