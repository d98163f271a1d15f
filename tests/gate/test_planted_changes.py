"""Changes planted in networks of the zoo, found again in what is analysed: the right module is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor, nn

from memprof import analyze
from memprof.gate.changes import changes
from memprof.gate.entries import entry_of
from memprof.gate.records import Change, Entry
from memprof.models import registry
from tests.gate.change_sample import assert_adds_up

SMALL = {"batch_size": 4, "resolution": 64}


def step(model: str | Callable[[], nn.Module], phase: str) -> Entry:
    return entry_of(analyze(model, phase=phase, **SMALL))


def planted(name: str, plant: Callable[[nn.Module], nn.Module], phase: str) -> tuple[Change, ...]:
    """Return what changes in a network when something is planted in it."""
    before = step(name, phase)
    after = step(lambda: plant(registry.find(name).build({})), phase)
    found = changes(before, after)
    assert_adds_up(before, after, found)
    return found


def with_a_copy(network: nn.Module) -> nn.Module:
    block = network.get_submodule("stages.1.blocks.0")
    forward = block.forward

    def copying(x: Tensor) -> Tensor:
        return forward(x.contiguous())  # channels-first

    block.forward = copying
    return network


def unchanged(network: nn.Module) -> nn.Module:
    return network


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_an_extra_copy(phase: str):
    found = planted("inceptionnext_atto", with_a_copy, phase)
    (new,) = [change for change in found if change.what == "new"]
    assert (new.module, new.operator, new.calls, new.launches) == ("stages.1.blocks.0", "aten::clone", 1, 1)
    # 4 images of 80 channels and 8 x 8 pixels, 4 bytes each, read and written.
    assert new.dram_bytes == 2 * 4 * 4 * 80 * 8 * 8
    spread = [change for change in found if change.what == "layout"]
    assert spread
    assert all(change.module.startswith("stages.1.blocks.0") for change in spread)


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_a_kernel_of_nine(phase: str):
    before, after = step("convnext_atto", phase), step("convnext_atto:kernel=9", phase)
    found = changes(before, after)
    assert_adds_up(before, after, found)
    shapes = [change for change in found if change.what == "shape" and change.module != "(optimizer)"]
    assert len(shapes) == 4
    assert {change.module.partition(".0-")[0] for change in shapes} == {f"stages.{number}" for number in range(4)}
    assert all(change.module.endswith(".dwconv") for change in shapes)
    assert all("x1x9x9 instead of" in change.text for change in shapes)
    # Forward 2 FLOPs for each of 81 - 49 more taps, for 40 << s channels on 4 images of (16 >> s) squared pixels, and
    # as much again twice in a training step; the blocks are 2, 2, 6, 2.
    passes = 3 if phase == "train" else 1
    more = sum(2 * 32 * (40 << s) * 4 * (16 >> s) ** 2 * depth for s, depth in enumerate((2, 2, 6, 2)))
    assert sum(change.flops for change in shapes) == pytest.approx(passes * more)


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_a_network_that_is_only_put_into_another(phase: str):
    class Outer(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.backbone = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.backbone(x)  # type: ignore[no-any-return]

    found = planted("inceptionnext_atto", Outer, phase)
    assert [change.text for change in found] == ["head, stages and stem now in backbone, with the same operators"]


def test_the_same_network_has_not_changed():
    assert planted("resnet18", unchanged, "infer") == ()
