"""What changed between two steps: sentences as a person reads them, and sums that leave nothing out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.gate.changes import changes
from memprof.gate.records import Entry
from tests.gate.change_sample import IMAGE, PATHS, SUMMED, changed, entry, line, network, renamed

NETWORK = entry(*network())


def test_nothing_changed():
    assert changes(NETWORK, NETWORK) == ()
    assert changes(NETWORK, replace(NETWORK, operators=tuple(reversed(NETWORK.operators)))) == ()


def test_new_copies_name_their_module_their_direction_and_their_cost():
    copy = line(
        "copy_",
        "stages.1.blocks.0",
        kind="layout",
        calls=2,
        launches=2,
        flops=0.0,
        dram_bytes=3.1e8,
        seconds=2.4e-4,
        shapes=(IMAGE, IMAGE),
        layouts=("channels-first", "channels-last"),
    )
    (found,) = changed(NETWORK, entry(*network(), copy))
    assert found.text == (
        "stages.1.blocks.0: 2 new aten::copy_ (channels-last to channels-first), +310 MB per step, +240 µs on a100"
    )
    assert (found.what, found.module, found.operator) == ("new", "stages.1.blocks.0", "aten::copy_")
    assert (found.calls, found.launches, found.flops, found.dram_bytes, found.seconds) == (2, 2, 0.0, 3.1e8, 2.4e-4)


def test_an_operator_that_has_gone():
    (found,) = changed(entry(*network(), line("relu", "stem.1", calls=3)), NETWORK)
    assert found.text == "stem.1: 3 aten::relu gone (8x64x56x56), −10.0 MB, −1.00 MFLOP per step, −10.0 µs on a100"
    assert (found.what, found.calls, found.dram_bytes) == ("gone", -3, -1e7)


@pytest.mark.parametrize(("was", "now", "what"), [(1, 3, "more calls"), (3, 1, "fewer calls")])
def test_more_and_fewer_calls(was: int, now: int, what: str):
    one, other = (
        line("cat", "head", calls=n, launches=n, flops=0.0, dram_bytes=n * 1e6, seconds=n * 1e-6) for n in (was, now)
    )
    (found,) = changed(entry(*network(), one), entry(*network(), other))
    words = {1: "once", 3: "3 times"}
    sign = "+" if now > was else "−"
    assert found.text == (
        f"head: aten::cat called {words[now]}, {words[was]} before (8x64x56x56), {sign}2.00 MB per step, "
        f"{sign}2.00 µs on a100"
    )
    assert (found.what, found.calls, found.launches) == (what, now - was, now - was)


CONVOLUTION = line("convolution", "stem.2", shapes=(IMAGE, (64, 64, 3, 3)), layouts=("channels-last",) * 2)


@pytest.mark.parametrize(
    ("what", "after", "said"),
    [
        ("shape", {"shapes": (IMAGE, (64, 64, 5, 5))}, "now on 64x64x5x5 instead of 64x64x3x3"),
        (
            "shape",
            {"shapes": (IMAGE, (64, 64, 5, 5)), "bound": "tensor", "dtype": "float16"},
            "now on 64x64x5x5 instead of 64x64x3x3, bound by tensor-core arithmetic instead of DRAM bandwidth",
        ),
        ("dtype", {"dtype": "float16"}, "now in float16 instead of float32"),
        (
            "layout",
            {"layouts": ("channels-first", "channels-last")},
            "now on channels-first inputs instead of channels-last",
        ),
        ("bound", {"bound": "host"}, "now bound by the host instead of DRAM bandwidth"),
        (
            "work",
            {"flops": 4e6},
            "with more arithmetic for inputs of the same shapes (its arguments changed, such as the stride)",
        ),
        ("work", {"launches": 3}, "with another number of kernels for the same inputs"),
    ],
)
def test_a_call_that_changed(what: str, after: dict[str, object], said: str):
    now = replace(CONVOLUTION, seconds=3e-5, **after)  # type: ignore[arg-type]
    (found,) = changed(entry(*network(), CONVOLUTION), entry(*network(), now))
    assert found.text.startswith(f"stem.2: aten::convolution {said}, ")
    assert found.text.endswith("+20.0 µs on a100") or "+20.0 µs per step on a100" in found.text
    assert (found.what, found.module, found.operator, found.calls) == (what, "stem.2", "aten::convolution", 0)
    assert found.seconds == pytest.approx(2e-5)


def test_calls_are_told_apart_before_they_are_compared():
    """Of three equal calls two remain and one has another shape: that is one change of one call."""
    three = line("add", "head.sum", calls=3, launches=3, flops=3e6, dram_bytes=3e7, seconds=3e-5)
    two = replace(three, calls=2, launches=2, flops=2e6, dram_bytes=2e7, seconds=2e-5)
    other = line("add", "head.sum", shape=(8, 32), flops=5e6, dram_bytes=5e7, seconds=5e-5)
    (found,) = changed(entry(three), entry(two, other))
    assert found.text.startswith("head.sum: aten::add now on 8x32 instead of 8x64x56x56, +40.0 MB, +4.00 MFLOP per")


def test_forward_and_backward_are_one_change():
    forward = CONVOLUTION
    backward = replace(
        CONVOLUTION,
        operator="aten::convolution_backward",
        phase="backward",
        shapes=(IMAGE, IMAGE, (64, 64, 3, 3)),
        layouts=("channels-last",) * 3,
    )
    wider = (64, 64, 7, 7)
    after = [replace(item, shapes=(*item.shapes[:-1], wider), flops=2e6) for item in (forward, backward)]
    (found,) = changed(entry(*network(), forward, backward), entry(*network(), *after))
    assert found.text == (
        "stem.2: aten::convolution (forward and backward) now on 64x64x7x7 instead of 64x64x3x3, +2.00 MFLOP per step"
    )
    (gone,) = changed(entry(*network(), forward, backward), entry(*network(), forward))
    assert gone.text.startswith("stem.2: 1 aten::convolution gone (8x64x56x56, backward), −10.0 MB")
    assert gone.operator == "aten::convolution_backward"


def test_equal_changes_of_siblings_are_one_sentence():
    blocks = [f"stages.2.blocks.{number}" for number in range(4)]
    clone = {"kind": "layout", "flops": 0.0}
    (found,) = changed(NETWORK, entry(*network(), line("clone", *blocks, **clone)))
    assert found.text == (
        "stages.2.blocks.0-3: 1 new aten::clone each (channels-last input), +40.0 MB per step, +40.0 µs on a100"
    )
    (some,) = changed(NETWORK, entry(*network(), line("clone", blocks[0], blocks[1], blocks[3], **clone)))
    assert some.module == "stages.2.blocks.0-1,3"
    everywhere = [f"stages.{stage}.blocks.{number}" for stage in range(3) for number in range(4)]
    (all_of_them,) = changed(NETWORK, entry(*network(), line("clone", *everywhere, **clone)))
    assert all_of_them.module == "stages.*.blocks.* (12 modules)"
    assert all_of_them.calls == 12


def test_a_layout_that_spreads_through_operators_is_one_sentence():
    after = [
        replace(item, layouts=("channels-first",) * len(item.layouts), seconds=2 * item.seconds)
        if item.modules[0].startswith("stages.1.blocks.2.") and item.kind == "elementwise"
        else item
        for item in network()
    ]
    (found,) = changed(NETWORK, entry(*after))
    assert found.text == (
        "stages.1.blocks.2 (2 modules): aten::gelu and aten::native_batch_norm now on channels-first inputs instead of "
        "channels-last, +20.0 µs per step on a100"
    )
    assert found.operator == ""


def test_the_optimizer_updates_more_parameters():
    before = [
        line(name, "", phase="optimizer", kind="optimizer", shapes=((64,), (64, 64)), layouts=("contiguous",) * 2)
        for name in ("_foreach_mul_", "_foreach_add_")
    ]
    after = [
        replace(item, shapes=((64, 64), (32,), (64,)), layouts=("contiguous",) * 3, dram_bytes=2e7) for item in before
    ]
    (found,) = changed(entry(*before), entry(*after))
    assert found.text == (
        "(optimizer): aten::_foreach_mul_ and aten::_foreach_add_ now update more parameters, +20.0 MB per step"
    )
    turned = [replace(item, shapes=tuple(reversed(item.shapes))) for item in before]
    assert changes(entry(*before), entry(*turned)) == ()


def test_what_weighs_most_comes_first_and_the_rest_last():
    new = (line("tanh", "head", seconds=1e-3), line("exp", "head", seconds=5e-3), line("log", "head", seconds=2e-3))
    found = changed(NETWORK, renamed(entry(*network(), *new, seconds=1e-4), {"head.fc": "head.top"}))
    assert [change.operator for change in found] == ["aten::exp", "aten::log", "aten::tanh", "", ""]
    assert [change.what for change in found] == ["new", "new", "new", "renamed", "other"]
    assert found[-1].text == (
        "operators that did not change: +100 µs per step on a100 (they wait for the host, or find their inputs in the "
        "L2 cache, more or less often than before)"
    )


def test_a_waiting_time_of_operators_that_did_not_change_is_other():
    slower = [replace(item, seconds=1.5 * item.seconds) for item in network()]
    (found,) = changed(NETWORK, entry(*slower))
    assert found.what == "other"
    assert found.seconds == pytest.approx(0.5 * NETWORK.figures.seconds)


def test_rounding_is_no_change():
    """A baseline holds six digits of an operator's seconds and nine of the step's."""
    rounded = [replace(item, seconds=item.seconds * (1 + 4e-7)) for item in network()]
    assert changes(NETWORK, entry(*rounded)) == ()


LINES = st.builds(
    lambda operator, modules, phase, shape, layout, bound, calls: line(
        operator,
        *modules,
        shape=(shape, 4),
        phase=phase,
        layouts=(layout,),
        bound=bound,
        calls=calls,
        launches=calls,
        flops=1e6 * calls,
        dram_bytes=1e6 * shape * calls,
        seconds=1e-6 * calls,
    ),
    st.sampled_from(["add", "mul", "convolution", "clone"]),
    st.lists(PATHS, min_size=1, max_size=4, unique=True),
    st.sampled_from(["forward", "backward", "optimizer"]),
    st.integers(1, 3),
    st.sampled_from(["channels-last", "contiguous"]),
    st.sampled_from(["dram", "l1", "host"]),
    st.integers(1, 4),
)
ENTRIES = st.lists(LINES, max_size=12).map(lambda lines: entry(*lines))


@given(ENTRIES, ENTRIES)
def test_the_changes_of_any_two_steps_add_up(before: Entry, after: Entry):
    found = changed(before, after)
    assert all(change.text and change.what for change in found)
    backwards = changed(after, before)
    for name in SUMMED:
        there, back = (sum(getattr(change, name) for change in side) for side in (found, backwards))
        assert there == pytest.approx(-back, abs=1e-3 * abs(there) + 1e-9)
