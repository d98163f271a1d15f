"""Paths of modules from how their calls nest: Python's events name a module by its class and a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from memprof.traces.lanes import Span, in_order

LONGEST_PATH = 500
"""Characters of the longest path: what is nested deeper counts as the module that it is nested in.

Networks stay below; without a limit, the paths of calls nested n deep would be n * n long.
"""


class _Call:
    """A call of a module: what it lies in, and the outermost of that, which may be itself.

    `nest_path` is the path that the nest of calls alone gives.
    """

    __slots__ = ("above", "nest_path", "outermost", "span")

    def __init__(self, span: Span, above: _Call | None) -> None:
        self.span = span
        self.above = above
        self.outermost: str = above.outermost if above else span.name
        self.nest_path = ""


def name_modules(threads: Iterable[list[Span]]) -> bool:
    """Turn the names of module calls ("Conv2d_12") into dotted paths ("Sequential_0.Bottleneck_3.Conv2d_12").

    Where one outermost module alone has modules in it, it is the network: its path is "", and its name stands in no
    path, as with `nn.Module.named_modules`. A loss beside it keeps its name. A module that elsewhere was called by
    another keeps that path where it is outermost, as when a checkpoint runs it again in backward. Tells whether a path
    would have been longer than `LONGEST_PATH`.
    """
    calls = [call for spans in threads for call in _nest(spans)]
    calls.sort(key=lambda call: in_order(call.span))  # what a call lies in still comes before it
    first: dict[str, _Call] = {}
    for call in calls:
        if call.above:
            first.setdefault(call.span.name, call)
    roots = {call.outermost for call in first.values()} - first.keys()
    paths = _Paths(roots.pop() if len(roots) == 1 else None)
    for call in calls:
        call.nest_path = paths.join(call.above.nest_path if call.above else None, call.span.name)
    for call in calls:
        if call.above:
            call.span.name = paths.join(call.above.span.name, call.span.name)
        else:
            call.span.name = first.get(call.span.name, call).nest_path
    return paths.shortened


def _nest(spans: list[Span]) -> Iterator[_Call]:
    """Yield the calls of one thread, each after those that it lies in."""
    open_calls: list[_Call] = []
    for span in sorted(spans, key=in_order):
        while open_calls and span.start_ns >= open_calls[-1].span.end_ns and span.end_ns > open_calls[-1].span.end_ns:
            open_calls.pop()
        open_calls.append(_Call(span, open_calls[-1] if open_calls else None))
        yield open_calls[-1]


class _Paths:
    """Makes the paths of modules, each of them once: a network repeats its calls."""

    def __init__(self, network: str | None) -> None:
        self._network = network
        self._known: dict[tuple[str, str], str] = {}
        self.shortened = False

    def join(self, above: str | None, name: str) -> str:
        """Return the path of a module in the module at `above`, None where it is outermost."""
        if above is None:
            return "" if name == self._network else name
        path = self._known.get((above, name))
        if path is None:
            path = self._known[above, name] = self._join(above, name)
        return path

    def _join(self, above: str, name: str) -> str:
        if not above:
            return name
        if len(above) + 1 + len(name) <= LONGEST_PATH:
            return f"{above}.{name}"
        self.shortened = True
        return above
