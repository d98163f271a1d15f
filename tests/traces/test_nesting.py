"""Nesting: what began and ended inside is inside, whatever the order in the file and however coarse the clock."""

from __future__ import annotations

import random
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from memprof.profiles.records import EventCategory, Kernel
from memprof.traces.lanes import AFTER_CALLS, Span
from memprof.traces.nesting import DEEPEST, nest
from tests.traces.making import flat, outline

OPERATOR, MODULE, LAUNCH = EventCategory.OPERATOR, EventCategory.MODULE, None


def span(name, start, end, order=-1, category=OPERATOR, kernels=None):
    return Span(start, end, order, name, category, kernels=kernels)


def nested(*spans):
    events, outside = nest(spans)
    assert outside == []
    return outline(tuple(events))


def test_inside_after_and_beside():
    spans = [span("a", 0, 10), span("b", 1, 5), span("c", 5, 9), span("d", 10, 12), span("e", 6, 7)]
    assert nested(*spans) == [["a", ["b"], ["c", ["e"]]], ["d"]]


def test_the_profilers_count_decides_what_began_in_the_same_microsecond():
    assert nested(span("inner", 0, 9, 2), span("outer", 0, 9, 1)) == [["outer", ["inner"]]]
    assert nested(span("short", 0, 0, 1), span("long", 0, 9, 2)) == [["short"], ["long"]]
    assert nested(span("short", 0, 2), span("long", 0, 9)) == [["long", ["short"]]]


def test_what_takes_no_time_at_the_end_of_a_call_is_inside():
    assert nested(span("t", 0, 5, 1), span("as_strided", 5, 5, 2), span("mm", 5, 9, 3)) == [
        ["t", ["as_strided"]],
        ["mm"],
    ]


def test_a_call_that_outlasts_the_one_it_began_in_is_inside():
    spans = [span("a", 0, 10), span("b", 8, 12), span("c", 11, 12), span("d", 12, 13)]
    assert nested(*spans) == [["a", ["b", ["c"]]], ["d"]]


def test_a_launch_goes_to_the_innermost_operator_not_to_a_module():
    kernel = Kernel("k", 50, 5)
    launch = span("cudaLaunchKernel", 4, 6, category=LAUNCH, kernels=[kernel])
    (outer,), outside = nest([span("a", 0, 10), span("m", 1, 9, category=MODULE), launch])
    assert (outer.kernels, outside) == ((kernel,), [])
    assert outer.children[0].kernels == ()
    _, outside = nest([span("m", 1, 9, category=MODULE), launch])
    assert outside == [kernel]


def test_a_launch_in_the_microsecond_in_which_its_operator_began_is_inside():
    launch = span("cudaLaunchKernel", 4, 6, AFTER_CALLS, category=LAUNCH, kernels=[Kernel("k", 50, 5)])
    (before, mine), outside = nest([span("before", 0, 4, 1), span("mine", 4, 9, 2), launch])
    assert (len(before.kernels), len(mine.kernels), outside) == (0, 1, [])


def test_kernels_of_a_call_are_in_order_of_start():
    late, soon = Kernel("late", 60, 5), Kernel("soon", 50, 5)
    launches = [
        span("l", 2 * place, 2 * place, category=LAUNCH, kernels=[item]) for place, item in enumerate([late, soon])
    ]
    (event,), _ = nest([span("a", 0, 10), *launches])
    assert event.kernels == (soon, late)


def test_what_nests_too_deep_stands_beside():
    depth = 3 * DEEPEST
    events, _ = nest([span(str(place), place, 10_000 - place) for place in range(depth)])
    found = 0
    while events:
        found += 1
        events = events[0].children
    assert found == DEEPEST
    assert len(flat(tuple(nest([span(str(place), place, 10_000 - place) for place in range(depth)])[0]))) == depth


TREES = st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=4), max_leaves=30)


@given(TREES, st.randoms(use_true_random=False))
def test_any_tree_comes_back_from_its_times(tree, chance):
    clock, numbers = count(), count()
    spans = []

    def lay_out(children):
        names = []
        for child in children:
            start, order = next(clock), next(numbers)
            inside = lay_out(child)
            spans.append(span(str(order), start, next(clock), order))
            names.append([str(order), *inside])
        return names

    expected = lay_out(tree)
    chance.shuffle(spans)
    assert nested(*spans) == expected


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), st.sampled_from("abc"), st.booleans()), max_size=25)


@given(SPANS, st.integers(0, 9))
def test_any_spans_give_the_same_in_any_order_and_lose_nothing(drawn, seed):
    """Also those that overlap, which no real thread has."""

    def make():
        return [
            span(name, start, start + length, AFTER_CALLS, category=LAUNCH, kernels=[Kernel(name, start, length)])
            if is_launch
            else span(name, start, start + length)
            for start, length, name, is_launch in drawn
        ]

    first, shuffled = make(), make()
    random.Random(seed).shuffle(shuffled)
    events, outside = nest(first)
    again, outside_again = nest(shuffled)
    assert again == events
    assert sorted(map(repr, outside)) == sorted(map(repr, outside_again))
    found = flat(tuple(events))
    assert len(found) == sum(not is_launch for *_, is_launch in drawn)
    assert sum(len(event.kernels) for event in found) + len(outside) == sum(is_launch for *_, is_launch in drawn)
    for event in found:
        assert all(event.start_ns <= child.start_ns <= event.start_ns + event.duration_ns for child in event.children)
