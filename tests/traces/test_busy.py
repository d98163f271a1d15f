"""Where a device's time went: hand arithmetic, invariants, and a model that looks at every single nanosecond."""

from __future__ import annotations

import gzip
import json
from dataclasses import astuple, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.profiles.records import Activity, Kernel
from memprof.report.run import DeviceTime, Gap
from memprof.traces.busy import LONGEST_GAPS, device_time, device_times

TRACES = Path(__file__).parents[3] / "shared" / "traces"
MICRO = 1000
COMMUNICATION = Activity.COMMUNICATION


def kernel(name="k", start=0, duration=0, activity=Activity.KERNEL, launched=None, stream=0, device=0):
    """Return a kernel; times in microseconds."""
    at = None if launched is None else launched * MICRO
    return Kernel(name, start * MICRO, duration * MICRO, activity, device, stream, at)


def micros(seconds: float) -> float:
    return pytest.approx(seconds * 1e6)


def test_nothing_ran():
    assert device_time([]) == DeviceTime(0, 0, 0, 0, 0, 0, 0, 0, 0, ())
    assert device_times([]) == {}


def test_one_kernel_is_busy_all_the_time():
    found = device_time([kernel(start=7, duration=5, launched=1)])
    assert astuple(found)[:5] == pytest.approx((5e-6, 5e-6, 0, 0, 5e-6))
    assert found.gaps == ()


def test_overlap_counts_once_in_busy_and_each_time_in_the_sums():
    """0-10 and 4-14 overlap for 6; 6-8 lies in both; 20-25 is alone: 14 + 5 busy of 25, 10 + 10 + 2 + 5 in all."""
    ran = [
        kernel(start=0, duration=10),
        kernel(start=4, duration=10, stream=1),
        kernel(start=6, duration=2, stream=2),
        kernel(start=20, duration=5),
    ]
    found = device_time(ran)
    assert (micros(found.span_seconds), micros(found.busy_seconds), micros(found.idle_seconds)) == (25, 19, 6)
    assert micros(found.kernel_seconds) == 27


def test_copies_and_fills_have_their_own_sums_and_keep_the_device_busy():
    """A copy 0-10 with a kernel 5-8 in it, then a fill 10-12."""
    found = device_time(
        [
            kernel(start=0, duration=10, activity=Activity.COPY),
            kernel(start=5, duration=3),
            kernel(start=10, duration=2, activity=Activity.FILL),
        ]
    )
    assert micros(found.busy_seconds) == 12
    assert (micros(found.copy_seconds), micros(found.fill_seconds), micros(found.kernel_seconds)) == (10, 2, 3)
    assert found.idle_seconds == found.communication_seconds == found.exposed_communication_seconds == 0


def test_only_communication_that_nothing_ran_beside_is_exposed():
    """Communication 10-30 and 25-40 is 30 in all; kernels 0-15 and a copy 35-38 hide 5 and 3 of it."""
    found = device_time(
        [
            kernel(start=0, duration=15),
            kernel(start=10, duration=20, activity=COMMUNICATION, stream=1),
            kernel(start=25, duration=15, activity=COMMUNICATION, stream=2),
            kernel(start=35, duration=3, activity=Activity.COPY, stream=3),
        ]
    )
    assert micros(found.communication_seconds) == 30
    assert micros(found.exposed_communication_seconds) == 30 - 5 - 3
    assert micros(found.busy_seconds) == 40


def test_communication_inside_one_kernel_is_not_exposed():
    found = device_time([kernel(duration=9), kernel(start=2, duration=3, activity=COMMUNICATION)])
    assert (micros(found.communication_seconds), found.exposed_communication_seconds) == (3, 0)


@pytest.mark.parametrize(
    ("launched", "waited"),
    [(None, 0), (3, 0), (10, 0), (14, 4), (30, 20), (31, 20)],
    ids=["unknown", "long before", "as it began", "within it", "as it ended", "clocks apart"],
)
def test_a_gap_is_launch_bound_until_the_launch_began(launched, waited):
    """Idle from 10 to 30."""
    found = device_time([kernel("a", 0, 10), kernel("b", 30, 5, launched=launched)])
    assert micros(found.launch_bound_seconds) == waited
    (gap,) = found.gaps
    assert (gap.before, gap.after, gap.waited_for_host) == ("a", "b", waited > 0)
    assert (micros(gap.start_seconds), micros(gap.seconds)) == (10, 20)


def test_what_starts_together_was_let_in_by_the_earliest_launch():
    """The device could run c from 12 on, whatever b waited for; d's launch is not known."""
    ran = [kernel("a", 0, 10), kernel("b", 30, 5, launched=28), kernel("c", 30, 1, launched=12), kernel("d", 30, 9)]
    for order in (ran, ran[::-1]):
        found = device_time(order)
        assert micros(found.launch_bound_seconds) == 2
        assert found.gaps[0].after == "c"


def test_a_gap_names_what_ended_last_and_not_what_started_last():
    """a 0-50 outlasts b 10-20."""
    (gap,) = device_time([kernel("a", 0, 50), kernel("b", 10, 10, stream=1), kernel("c", 60, 1)]).gaps
    assert (gap.before, gap.after, micros(gap.seconds)) == ("a", "c", 10)


def test_names_at_a_gap_do_not_depend_on_the_order_of_what_is_given():
    ran = [kernel("y", 0, 10), kernel("x", 0, 10), kernel("long", 0, 10), kernel("q", 12, 3), kernel("p", 12, 1)]
    assert [(gap.before, gap.after) for gap in device_time(ran).gaps] == [("long", "p")]
    assert [(gap.before, gap.after) for gap in device_time(ran[::-1]).gaps] == [("long", "p")]


def test_a_kernel_without_duration_ends_one_gap_and_begins_the_next():
    """Integer microseconds: 0-10, something at 14, 20-25. Idle is 10 whatever happened at 14."""
    found = device_time([kernel("a", 0, 10), kernel("b", 14, 0, launched=12), kernel("c", 20, 5, launched=15)])
    assert micros(found.idle_seconds) == 10
    assert [(gap.before, gap.after) for gap in found.gaps] == [("b", "c"), ("a", "b")]
    assert micros(found.launch_bound_seconds) == 2 + 1


def test_kernels_without_duration_inside_others_and_at_the_ends_are_seen():
    found = device_time([kernel(start=0, duration=0), kernel(start=5, duration=5), kernel(start=7), kernel(start=15)])
    assert (micros(found.span_seconds), micros(found.busy_seconds), micros(found.idle_seconds)) == (15, 5, 10)
    assert micros(sum(gap.seconds for gap in found.gaps)) == 10


def test_nothing_took_time():
    found = device_time([kernel(start=5), kernel(start=5)])
    assert astuple(found)[:9] == (0,) * 9
    assert found.gaps == ()


def test_the_ten_longest_gaps_are_listed_longest_first_and_all_are_counted():
    """Gaps of 1, 2, ..., 15 between kernels of 1; equal ones keep their order in time."""
    starts = [sum(range(1, n + 1)) + n for n in range(16)]
    ran = [kernel(f"k{n}", start, 1) for n, start in enumerate(starts)]
    found = device_time(ran)
    assert len(found.gaps) == LONGEST_GAPS == 10
    assert [gap.seconds * 1e6 for gap in found.gaps] == pytest.approx([15, 14, 13, 12, 11, 10, 9, 8, 7, 6])
    assert micros(found.idle_seconds) == sum(range(1, 16))
    equal = device_time([kernel(f"k{n}", 3 * n, 1) for n in range(4)])
    assert [gap.before for gap in equal.gaps] == ["k0", "k1", "k2"]


def test_times_of_today_in_nanoseconds_lose_no_digit():
    """Nanoseconds since 1970 do not fit a double; one nanosecond of idle time is still one."""
    start = 1_763_999_999_123_456_789
    found = device_time([Kernel("a", start, 2), Kernel("b", start + 3, 4, launched_ns=start + 3)])
    assert (found.span_seconds, found.busy_seconds) == (7 * 1e-9, 6 * 1e-9)
    assert found.idle_seconds == found.launch_bound_seconds == 1e-9
    assert found.gaps == (Gap(2e-9, 1e-9, "a", "b", True),)


def test_each_device_has_its_own_time():
    """Devices that run at different times do not keep each other busy."""
    ran = [kernel("a", 0, 10, device=1), kernel("b", 100, 10, device=0), kernel("c", 20, 10, device=1)]
    found = device_times(ran)
    assert list(found) == [0, 1]
    assert found[0] == device_time([ran[1]])
    assert found[1] == device_time([ran[0], ran[2]])
    assert micros(found[1].span_seconds) == 30


KERNELS = st.lists(
    st.builds(
        Kernel,
        st.sampled_from("abc"),
        st.integers(0, 60),
        st.integers(0, 12),
        st.sampled_from(Activity),
        stream=st.integers(0, 3),
        launched_ns=st.none() | st.integers(-10, 70),
    ),
    max_size=12,
)


def by_the_nanosecond(kernels: list[Kernel]) -> dict[str, int]:
    """Count nanosecond by nanosecond; the slow and plain way, in nanoseconds."""
    if not kernels:
        return dict.fromkeys(("span", "busy", "waited", "communication", "exposed"), 0)
    first, last = min(k.start_ns for k in kernels), max(k.end_ns for k in kernels)
    counts = {"span": last - first, "busy": 0, "waited": 0, "communication": 0, "exposed": 0}
    for now in range(first, last):
        running = {k.activity for k in kernels if k.start_ns <= now < k.end_ns}
        counts["busy"] += bool(running)
        counts["communication"] += COMMUNICATION in running
        counts["exposed"] += running == {COMMUNICATION}
        if not running:
            following = min(k.start_ns for k in kernels if k.start_ns > now)
            launches = [k.launched_ns for k in kernels if k.start_ns == following and k.launched_ns is not None]
            counts["waited"] += bool(launches) and now < min(launches)
    return counts


def nanoseconds(seconds: float) -> int:
    assert seconds * 1e9 == pytest.approx(round(seconds * 1e9), abs=1e-6)
    return round(seconds * 1e9)


@given(KERNELS)
def test_it_agrees_with_counting_every_nanosecond(kernels):
    found, expected = device_time(kernels), by_the_nanosecond(kernels)
    assert nanoseconds(found.span_seconds) == expected["span"]
    assert nanoseconds(found.busy_seconds) == expected["busy"]
    assert nanoseconds(found.launch_bound_seconds) == expected["waited"]
    assert nanoseconds(found.communication_seconds) == expected["communication"]
    assert nanoseconds(found.exposed_communication_seconds) == expected["exposed"]


@given(KERNELS)
def test_busy_and_idle_are_the_span_and_no_union_exceeds_its_sum(kernels):
    found = device_time(kernels)
    assert nanoseconds(found.busy_seconds) + nanoseconds(found.idle_seconds) == nanoseconds(found.span_seconds)
    of = {activity: sum(k.duration_ns for k in kernels if k.activity is activity) for activity in Activity}
    assert nanoseconds(found.busy_seconds) <= sum(of.values())
    assert nanoseconds(found.kernel_seconds) == of[Activity.KERNEL]
    assert nanoseconds(found.copy_seconds) == of[Activity.COPY]
    assert nanoseconds(found.fill_seconds) == of[Activity.FILL]
    exposed, communication = (
        nanoseconds(found.exposed_communication_seconds),
        nanoseconds(found.communication_seconds),
    )
    assert exposed <= communication <= of[COMMUNICATION]
    assert nanoseconds(found.launch_bound_seconds) <= nanoseconds(found.idle_seconds)


@given(KERNELS)
def test_gaps_are_the_idle_time_as_long_as_all_are_listed(kernels):
    found = device_time(kernels)
    listed = [gap.seconds for gap in found.gaps]
    assert listed == sorted(listed, reverse=True)
    if len(listed) < LONGEST_GAPS:
        assert sum(map(nanoseconds, listed)) == nanoseconds(found.idle_seconds)
    assert any(gap.waited_for_host for gap in found.gaps) <= (found.launch_bound_seconds > 0)


@given(KERNELS.flatmap(lambda kernels: st.tuples(st.just(kernels), st.permutations(kernels))))
def test_the_order_of_the_kernels_changes_nothing(both):
    kernels, shuffled = both
    assert device_time(shuffled) == device_time(kernels)


@given(KERNELS.filter(bool), st.data())
def test_a_kernel_in_two_pieces_is_the_same(kernels, data):
    chosen = data.draw(st.integers(0, len(kernels) - 1))
    whole = kernels[chosen]
    first = data.draw(st.integers(0, whole.duration_ns))
    pieces = [
        replace(whole, duration_ns=first),
        replace(whole, start_ns=whole.start_ns + first, duration_ns=whole.duration_ns - first),
    ]
    assert device_time([*kernels[:chosen], *pieces, *kernels[chosen + 1 :]]) == device_time(kernels)


@given(KERNELS, st.integers(-(10**18), 10**18))
def test_the_clock_that_a_profile_counts_from_changes_nothing(kernels, shift):
    moved = [
        replace(k, start_ns=k.start_ns + shift, launched_ns=None if k.launched_ns is None else k.launched_ns + shift)
        for k in kernels
    ]
    assert device_time(moved) == device_time(kernels)


RECORDED = {
    # What the README beside the traces says: how many kernels, their milliseconds in all, and its last digit.
    "v100_resnet50_train_fp32_b32_kineto_2021": (8772, 591, 1),
    "a100_particletransformer_fwd_amp_b512": (549, 89.7, 0.1),
    "h100_vit_base_bf16_infer": (154, 1.2, 0.1),
}


def recorded(name: str) -> list[Kernel]:
    """Return what the device ran in a real trace, read in the plainest way, apart from memprof's reader."""
    with gzip.open(TRACES / f"{name}.json.gz", "rt") as file:
        events = json.load(file, strict=False, parse_float=Decimal)["traceEvents"]
    activities = {"kernel": Activity.KERNEL, "memcpy": Activity.COPY, "memset": Activity.FILL}
    found = [(event, event.get("cat", "").lower().removeprefix("gpu_")) for event in events]
    return [
        Kernel(event["name"], int(event["ts"] * MICRO), int(event["dur"] * MICRO), activities[category])
        for event, category in found
        if category in activities
    ]


@pytest.mark.skipif(not TRACES.exists(), reason="../shared/traces is not beside this checkout")
@pytest.mark.parametrize("name", RECORDED)
def test_real_traces_sum_to_what_they_say_and_are_busy_as_merged_intervals_are(name):
    ran = recorded(name)
    count, milliseconds, digit = RECORDED[name]
    found = device_time(ran)
    kernels = [k.duration_ns for k in ran if k.activity is Activity.KERNEL]
    assert len(kernels) == count
    assert found.kernel_seconds == sum(kernels) * 1e-9
    assert found.kernel_seconds * 1e3 == pytest.approx(milliseconds, abs=digit)
    stretches: list[list[int]] = []
    for k in sorted(ran, key=lambda k: k.start_ns):
        if stretches and k.start_ns <= stretches[-1][1]:
            stretches[-1][1] = max(stretches[-1][1], k.end_ns)
        else:
            stretches.append([k.start_ns, k.end_ns])
    assert nanoseconds(found.busy_seconds) == sum(end - start for start, end in stretches)
    longest = max(after[0] - before[1] for before, after in pairwise(stretches))
    assert nanoseconds(found.gaps[0].seconds) == longest
