"""Modules that were renamed, moved, put in between or taken out: what is the same is not reported as changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.gate.records import Entry, OperatorLine
from tests.gate.change_sample import PATHS, block, changed, entry, line, network, renamed, texts

NETWORK = entry(*network())


RENAMINGS = {
    "one leaf": (
        {"stages.1.blocks.2.norm": "stages.1.blocks.2.bn"},
        "stages.1.blocks.2.norm is now called stages.1.blocks.2.bn, with the same operators",
    ),
    "in every block": (
        {f"stages.{s}.blocks.{b}.act": f"stages.{s}.blocks.{b}.gelu" for s in range(3) for b in range(4)},
        "stages.*.blocks.*.act (12 modules) are now called stages.*.blocks.*.gelu (12 modules), with the same "
        "operators",
    ),
}


def moved(before: Entry, old: str, new: str) -> Entry:
    """Return an entry in which the paths below `old` lie below `new`."""
    paths = {path for item in before.operators for path in item.modules if f"{path}.".startswith(f"{old}.")}
    return renamed(before, {path: f"{new}{path[len(old) :]}" for path in paths})


@pytest.mark.parametrize(("names", "said"), RENAMINGS.values(), ids=RENAMINGS)
def test_a_renamed_module_is_one_change(names: dict[str, str], said: str):
    (found,) = changed(NETWORK, renamed(NETWORK, names))
    assert found.text == said
    assert (found.what, found.calls, found.launches, found.flops, found.dram_bytes, found.seconds) == (
        "renamed",
        0,
        0,
        0.0,
        0.0,
        0.0,
    )


def test_a_renamed_parent_is_one_change():
    assert texts(changed(NETWORK, moved(NETWORK, "stages", "layers"))) == [
        "stages is now called layers, with the same operators"
    ]


def test_numbered_children_that_get_names_are_one_change():
    after = NETWORK
    for stage in range(3):
        after = moved(after, f"stages.{stage}", f"layer{stage + 1}")
    assert texts(changed(NETWORK, after)) == ["stages.0-2 are now called layer1-3, with the same operators"]


def test_a_model_put_into_another_and_taken_out_again():
    paths = {path for item in NETWORK.operators for path in item.modules}
    wrapped = renamed(NETWORK, {path: f"backbone.{path}" for path in paths})
    assert texts(changed(NETWORK, wrapped)) == ["head, stages and stem now in backbone, with the same operators"]
    assert texts(changed(wrapped, NETWORK)) == ["head, stages and stem no longer in backbone, with the same operators"]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("stages", "layers", "stages.1.blocks.2"),
        ("stages.1", "stages.middle", "stages.1.blocks.2"),
        ("stages.1.blocks.2", "stages.1.blocks.other", "stages.1.blocks.2.norm"),
        ("head", "top", "head"),
    ],
)
def test_what_changed_within_a_renamed_module_is_said_under_its_new_name(old: str, new: str, where: str):
    found = changed(NETWORK, moved(entry(*network(), line("clone", where, flops=0.0)), old, new))
    assert [change.what for change in found] == ["new", "renamed"]
    assert found[0].module == where.replace(old, new, 1)
    assert found[1].text == f"{old} is now called {new}, what changed within is said under the new name"


def shifted(blocks: Iterator[tuple[int, int]], extra: tuple[OperatorLine, ...] = ()) -> Entry:
    """Return the network with the blocks of stage 1 renumbered, from what to what, and more operators."""
    names = {f"stages.1.blocks.{old}": f"stages.1.blocks.{new}" for old, new in blocks}
    lines = []
    for item in network():
        path = item.modules[0]
        inside = ".".join(path.split(".")[:4])
        if inside.startswith("stages.1.blocks.") and inside not in names:
            continue
        lines.append(replace(item, modules=(path.replace(inside, names.get(inside, inside), 1),)))
    return entry(*lines, *extra)


def test_a_block_put_in_between_shifts_the_others_and_changes_none():
    new = (
        line("relu", "stages.1.blocks.1.act", shape=(8, 128, 56, 56)),
        line("mean", "stages.1.blocks.1", shape=(8, 128, 56, 56)),
    )
    (found,) = changed(NETWORK, shifted(iter([(0, 0), (1, 2), (2, 3), (3, 4)]), new))
    assert found.text == (
        "stages.1.blocks.1: new module, 2 operators: aten::mean and aten::relu (blocks.2-4 were blocks.1-3), "
        "+20.0 MB, +2.00 MFLOP per step, +20.0 µs on a100"
    )


def test_one_more_equal_block_is_the_last_one():
    (found,) = changed(NETWORK, entry(*network(), *block("stages.1.blocks.4", channels=128)))
    assert found.module == "stages.1.blocks.4"
    assert found.text.startswith(
        "stages.1.blocks.4: new module, 5 operators: depthwise aten::convolution, aten::add and 3 other operators, "
    )
    assert "were" not in found.text


def test_blocks_that_have_gone():
    other = (line("relu", "stages.1.blocks.0.first", shape=(8, 128, 56, 56)),)
    before = entry(*network(), *other)  # block 0 differs from the others, so that it is clear which one goes
    (found,) = changed(before, shifted(iter([(1, 0), (2, 1), (3, 2)])))
    assert found.text.startswith("stages.1.blocks.0: module gone, 6 operators: ")
    assert "(blocks.0-2 were blocks.1-3)" in found.text
    (several,) = changed(NETWORK, shifted(iter([(0, 0)])))
    assert several.text.startswith("stages.1.blocks.1-3: modules gone, 5 operators each: ")


def test_numbers_that_shift_for_nothing_that_costs_anything():
    """A dropout between two layers has no operators in inference: without it the numbers of the others shift."""
    before = entry(line("convolution", "features.0"), line("relu", "features.2"))
    after = entry(line("convolution", "features.0"), line("relu", "features.1"))
    assert texts(changed(before, after)) == ["features.2 is now called features.1, with the same operators"]


@given(st.lists(PATHS.filter(bool), min_size=2, max_size=12, unique=True), st.data())
def test_any_one_renamed_module_is_one_change(paths: list[str], data: st.DataObject):
    before = entry(*(line("add", path, shape=(place + 1, 7)) for place, path in enumerate(paths)))
    modules = sorted({".".join(path.split(".")[:depth]) for path in paths for depth in range(1, path.count(".") + 2)})
    old = data.draw(st.sampled_from(modules))
    new = ".".join([*old.split(".")[:-1], "renamed"])
    assert texts(changed(before, moved(before, old, new))) == [f"{old} is now called {new}, with the same operators"]
