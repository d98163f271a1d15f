"""Paths of modules from how their calls nest: Python's events name a module by its class and a number."""

from __future__ import annotations

from collections.abc import Iterable

from memprof.traces.lanes import Span, in_order


def name_modules(threads: Iterable[list[Span]]) -> None:
    """Turn the names of module calls ("Conv2d_12") into dotted paths ("Sequential_0.Bottleneck_3.Conv2d_12").

    Where one outermost module alone has modules in it, it is the network: its path is "", and its name stands in no
    path, as with `nn.Module.named_modules`. A loss beside it keeps its name. A module that elsewhere was called by
    another keeps that path where it is outermost, as when a checkpoint runs it again in backward.
    """
    nested = [(span, above) for spans in threads for span, above in _nest(spans)]
    nested.sort(key=lambda pair: in_order(pair[0]))
    chains: dict[str, tuple[str, ...]] = {}
    for span, above in nested:
        if above:
            chains.setdefault(span.name, (*above, span.name))
    roots = {chain[0] for chain in chains.values() if chain[0] not in chains}
    network = roots.pop() if len(roots) == 1 else None
    for span, above in nested:
        outermost = above[0] if above else span.name
        chain = (*chains.get(outermost, (outermost,)), *((*above[1:], span.name) if above else ()))
        span.name = ".".join(chain[1:] if chain[0] == network else chain)


def _nest(spans: list[Span]) -> Iterable[tuple[Span, tuple[str, ...]]]:
    """Yield the calls of one thread, each with the names of the modules that it lies in, outermost first."""
    open_spans: list[Span] = []
    for span in sorted(spans, key=in_order):
        while open_spans and span.start_ns >= open_spans[-1].end_ns and span.end_ns > open_spans[-1].end_ns:
            open_spans.pop()
        yield span, tuple(outer.name for outer in open_spans)
        open_spans.append(span)
