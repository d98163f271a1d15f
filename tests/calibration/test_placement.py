"""Working sets by hand, and what holds of them on any machine."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from memprof.calibration.caches import Cache, Caches
from memprof.calibration.placement import working_sets

KIB, MIB, GIB = 2**10, 2**20, 2**30
DESKTOP = Caches((Cache("l1", 32 * KIB, 1), Cache("l2", MIB, 1), Cache("l3", 256 * MIB, 4)), 4, 4)


def test_the_working_sets_of_a_machine_of_four_cores() -> None:
    (dram, l3, l2, l1), cautions = working_sets(DESKTOP, 64 * GIB)
    assert cautions == ()
    assert [item.level for item in (dram, l3, l2, l1)] == ["dram", "l3", "l2", "l1"]
    assert {item.threads for item in (dram, l3, l2, l1)} == {4}
    assert l1.bytes_per_thread == 16 * KIB  # half of L1
    assert l2.bytes_per_thread == 512 * KIB  # half of L2
    assert l3.bytes_per_thread == 4 * MIB  # four times L2
    assert dram.bytes_per_thread == 4 * 256 * MIB / 4  # four times L3, in four parts
    assert dram.rows * dram.columns == 1
    assert (l1.rows, l1.columns) == (128, 128)  # 256 MiB / 16 KiB = 128 x 128 passes
    assert (l2.rows, l2.columns) == (23, 23)  # 512 passes, 23 x 23 = 529 being the next square
    assert (l3.rows, l3.columns) == (8, 8)  # 64 passes


def test_a_small_l3_is_measured_between_l2_and_its_own_size() -> None:
    """sqrt(512 KiB x 2 MiB) = 1 MiB, where four times L2 would fill all of a thread's share of L3."""
    caches = Caches((Cache("l1", 32 * KIB, 1), Cache("l2", 512 * KIB, 1), Cache("l3", 16 * MIB, 8)), 8, 8)
    (_, l3, _, _), _ = working_sets(caches, 64 * GIB)
    assert l3.bytes_per_thread == MIB


def test_dram_is_measured_with_twice_a_large_cache() -> None:
    """A virtual machine of two cores that sees all of its host's L3, and one whose L3 is larger than a gibibyte."""
    for l3, wanted in ((480 * MIB, GIB), (1152 * MIB, 2 * 1152 * MIB)):
        caches = Caches((Cache("l1", 48 * KIB, 1), Cache("l2", 2 * MIB, 1), Cache("l3", l3, 2)), 2, 2)
        (dram, *_), cautions = working_sets(caches, 64 * GIB)
        assert dram.bytes_per_thread == wanted / 2
        assert cautions == ()


def test_small_caches_need_a_quarter_of_a_gibibyte_for_dram() -> None:
    (dram, _), _ = working_sets(Caches((Cache("l1", 32 * KIB, 1),), 2, 2), 64 * GIB)
    assert dram.bytes_per_thread == 256 * MIB / 2


def test_no_more_than_a_quarter_of_the_memory_is_taken_and_that_is_said() -> None:
    (dram, *_), (caution,) = working_sets(DESKTOP, GIB)
    assert dram.bytes_per_thread == GIB / 4 / 4
    assert "There was memory for 268 MB" in caution.what
    assert "1.0 times the last cache" in caution.what
    assert caution.remedy
    assert working_sets(DESKTOP, 2 * GIB)[1] == ()  # half of what is wanted will do


def test_no_working_set_is_smaller_than_four_lines() -> None:
    """65 threads on one CPU with 16 KiB of L1: 252 bytes each, where four operands need a line of 64 bytes each."""
    (_, _, l1), _ = working_sets(Caches((Cache("l1", 16 * KIB, 1), Cache("l2", 64 * KIB, 1)), 1, 65), GIB)
    assert l1.bytes_per_thread == 4 * 64


SIZES = st.tuples(st.integers(16, 128), st.floats(4, 64), st.floats(1.6, 64))


@example((16, 4.0, 2.0), 1, 64, 1.0)
@given(SIZES, st.integers(1, 128), st.integers(1, 128), st.floats(0.25, 512))
def test_on_any_machine_each_level_is_filled_beyond_the_one_inside_it(
    sizes: tuple[int, float, float], cpus: int, threads: int, memory_gib: float
) -> None:
    assume(threads <= 64 * cpus)  # a CPU's 16 KiB of L1 or more then hold four lines for each thread
    first, second, third = sizes
    l1 = first * KIB
    caches = Caches(
        (Cache("l1", l1, 1), Cache("l2", int(l1 * second), 1), Cache("l3", int(l1 * second * third) * cpus, cpus)),
        cpus,
        threads,
    )
    (dram, *inner), _ = working_sets(caches, memory_gib * GIB)
    assert dram.bytes_per_thread * threads <= memory_gib * GIB / 4
    assert all(item.bytes_per_thread * item.rows * item.columns >= 256 * MIB for item in inner)
    shares = [caches.share_bytes(level) for level in ("l1", "l2", "l3")]
    by_level = {item.level: item.bytes_per_thread for item in inner}
    assert by_level["l1"] <= shares[0]
    assert shares[0] < by_level["l2"] <= shares[1]
    assert shares[1] < by_level["l3"] <= shares[2]
