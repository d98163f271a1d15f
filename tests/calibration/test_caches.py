"""Caches as Linux describes them: sizes, who shares them, what a thread has of each; and systems that say nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest

from memprof.calibration.caches import Cache, Caches, common_caches, read_caches

KIB, MIB = 2**10, 2**20


def machine(root: Path, *caches: tuple[str, str, str, str], cpu: int = 0) -> Path:
    """Write the files of a CPU: level, type, size and shared_cpu_list of each cache."""
    for index, values in enumerate(caches):
        folder = root / f"cpu{cpu}" / "cache" / f"index{index}"
        folder.mkdir(parents=True)
        for name, value in zip(("level", "type", "size", "shared_cpu_list"), values, strict=True):
            (folder / name).write_text(f"{value}\n", encoding="ascii")
    return root


def test_a_desktop_with_two_threads_a_core(tmp_path: Path) -> None:
    """Eight cores, sixteen CPUs; torch computes with a thread a core."""
    machine(
        tmp_path,
        ("1", "Data", "32K", "0,8"),
        ("1", "Instruction", "64K", "0,8"),
        ("2", "Unified", "512K", "0,8"),
        ("3", "Unified", "32M", "0-15"),
    )
    caches, cautions = read_caches(frozenset(range(16)), 8, tmp_path)
    assert cautions == ()
    assert caches.levels == (Cache("l1", 32 * KIB, 2), Cache("l2", 512 * KIB, 2), Cache("l3", 32 * MIB, 16))
    assert caches.cores == 8
    assert [caches.total_bytes(level) for level in ("l1", "l2", "l3")] == [8 * 32 * KIB, 8 * 512 * KIB, 32 * MIB]
    assert [caches.share_bytes(level) for level in ("l1", "l2", "l3")] == [32 * KIB, 512 * KIB, 32 * MIB / 8]


def test_two_threads_on_a_core_halve_its_caches() -> None:
    caches = Caches((Cache("l1", 32 * KIB, 2), Cache("l3", 32 * MIB, 16)), 16, 16)
    assert caches.share_bytes("l1") == 32 * KIB / 2
    assert caches.share_bytes("l3") == 32 * MIB / 16


def test_one_thread_has_one_of_each_and_all_of_what_is_shared() -> None:
    caches = Caches((Cache("l1", 32 * KIB, 1), Cache("l3", 32 * MIB, 8)), 8, 1)
    assert caches.share_bytes("l1") == 32 * KIB
    assert caches.share_bytes("l3") == 32 * MIB


def test_several_last_caches_count_together() -> None:
    """Two chiplets of eight CPUs each."""
    caches = Caches((Cache("l3", 32 * MIB, 8),), 16, 16)
    assert caches.total_bytes("l3") == 2 * 32 * MIB
    assert caches.share_bytes("l3") == 2 * 32 * MIB / 16


def test_only_usable_cpus_share(tmp_path: Path) -> None:
    """A container that may use CPUs 2 and 3 of a machine of sixteen; the first of them describes its caches."""
    machine(tmp_path, ("1", "Data", "48K", "2,10"), ("3", "Unified", "24576K", "0-7,8-15"), cpu=2)
    caches, _ = read_caches(frozenset({2, 3}), 2, tmp_path)
    assert caches.levels == (Cache("l1", 48 * KIB, 1), Cache("l3", 24 * MIB, 2))
    assert caches.cores == 2


def test_where_operands_lie() -> None:
    caches = Caches((Cache("l1", 32 * KIB, 1), Cache("l2", MIB, 1), Cache("l3", 16 * MIB, 4)), 4, 4)
    sizes = {4 * 32 * KIB: "l1", 4 * 32 * KIB + 1: "l2", 4 * MIB: "l2", 16 * MIB: "l3", 16 * MIB + 1: "dram"}
    assert {size: caches.level_of(size) for size in sizes} == sizes
    assert Caches((), 1, 1).level_of(1) == "dram"


def test_a_system_that_does_not_tell_gets_common_sizes_and_a_caution(tmp_path: Path) -> None:
    caches, (caution,) = read_caches(frozenset(range(4)), 4, tmp_path)
    assert (
        caches.levels == common_caches(4) == (Cache("l1", 32 * KIB, 1), Cache("l2", MIB, 1), Cache("l3", 32 * MIB, 4))
    )
    assert "does not tell its cache sizes" in caution.what
    assert caution.remedy


@pytest.mark.parametrize(
    "nonsense",
    [
        ("1", "Data", "", "0"),
        ("1", "Data", "0K", "0"),
        ("1", "Data", "big", "0"),
        ("1", "Data", "32K", "all"),
        ("1", "Instruction", "32K", "0"),
        ("9", "Data", "32K", "0"),
    ],
)
def test_nonsense_is_not_a_cache(nonsense: tuple[str, str, str, str], tmp_path: Path) -> None:
    machine(tmp_path, nonsense, ("2", "Unified", "1M", "0"))
    caches, (caution,) = read_caches(frozenset({0}), 1, tmp_path)
    assert caches.levels == common_caches(1)
    assert "assumed" in caution.what


def test_a_cache_no_larger_than_the_one_inside_it_is_left_out_and_said(tmp_path: Path) -> None:
    """As on virtual machines, and where a thread's share of L3 is no more than its L2."""
    machine(tmp_path, ("1", "Data", "32K", "0"), ("2", "Unified", "2M", "0"), ("3", "Unified", "4M", "0-3"))
    caches, (caution,) = read_caches(frozenset(range(4)), 4, tmp_path)
    assert [cache.level for cache in caches.levels] == ["l1", "l2"]
    assert caution.what.startswith("L3 was not measured: a thread's share of it, 1,024 KiB,")
    assert "2,048 KiB of L2" in caution.what


def test_a_machine_without_l3_is_nothing_to_remark_on(tmp_path: Path) -> None:
    machine(tmp_path, ("1", "Data", "64K", "0"), ("2", "Unified", "2M", "0-3"))
    caches, cautions = read_caches(frozenset(range(4)), 4, tmp_path)
    assert [cache.level for cache in caches.levels] == ["l1", "l2"]
    assert cautions == ()
    assert caches.total_bytes("l3") == caches.share_bytes("l3") == 0
