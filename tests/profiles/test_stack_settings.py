"""PyTorch's and timm's switches while a model runs on another stack, and as they were afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import torch
from timm.layers.config import set_fused_attn, use_fused_attn
from timm.layers.fast_norm import is_fast_norm, set_fast_norm
from torch import nn
from torch.backends import cuda

import memprof
from memprof.profiles.stack_settings import stack_settings
from memprof.tensors.stack import parse_stack


def switches() -> tuple[bool, bool]:
    """Return whether timm fuses attention, and whether its norms are fast."""
    return use_fused_attn(), is_fast_norm()


def torchs() -> tuple[bool, bool, bool]:
    """Return PyTorch's own switches."""
    return cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.fp16_bf16_reduction_math_sdp_allowed()


@pytest.fixture(params=[(True, False), (False, True)])
def before(request: pytest.FixtureRequest) -> Iterator[tuple[bool, bool]]:
    saved = switches()
    set_fused_attn(request.param[0])
    set_fast_norm(request.param[1])
    assert switches() == request.param
    yield request.param
    set_fused_attn(saved[0])
    set_fast_norm(saved[1])


@pytest.mark.parametrize(
    ("stack", "timms", "own"),
    [
        ("torch 1.12", (False, False), (False, False, True)),
        ("torch 2.4", (True, False), (True, True, True)),
        ("torch 2.5, fast norm", (True, True), (True, True, False)),
        ("torch 2.5, attention in steps", (False, False), (False, False, False)),
    ],
)
def test_models_run_as_on_the_stack_and_then_as_before(before, stack, timms, own):
    was = torchs()
    with stack_settings(parse_stack(stack)):
        assert (switches(), torchs()) == (timms, own)
    assert (switches(), torchs()) == (before, was)


def test_todays_stack_changes_nothing(before):
    was = torchs()
    with stack_settings(parse_stack("")):
        assert (switches(), torchs()) == (before, was)


def test_an_error_inside_leaves_nothing_switched(before):
    with pytest.raises(ZeroDivisionError), stack_settings(parse_stack("torch 1.12")):
        raise ZeroDivisionError
    assert switches() == before


def test_the_level_of_fused_attention_comes_back():
    before = switches()
    set_fused_attn(True, experimental=True)
    with stack_settings(parse_stack("torch 1.12")):
        assert not use_fused_attn(experimental=True)
    assert use_fused_attn(experimental=True)
    set_fused_attn(before[0])


class Attention(nn.Module):
    """Attention of 2 heads of 8 features over the 16 pixels of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Attend."""
        tokens = self.stem(images).flatten(2).unflatten(1, (2, 8)).transpose(2, 3)
        return nn.functional.scaled_dot_product_attention(tokens, tokens, tokens).mean((1, 2))


@pytest.mark.parametrize(("stack", "steps"), [("torch 1.13", 1), ("torch 2.0, attention in steps", 1), ("", 0)])
def test_any_models_attention_is_in_steps_before_it_was_fused(stack: str, steps: int):
    report = memprof.analyze(lambda: Attention().eval(), device="a100", batch_size=2, resolution=4, stack=stack)
    names = [row.name for row in report.operators]
    assert sum("softmax" in name for name in names) == steps
    assert sum("attention" in name for name in names) == 1 - steps
    # Q K^T and P V: 2 images, 2 heads, 16 x 16 scores of 8 features; and the stem's 3 x 16 weights for 16 pixels.
    assert report.totals.macs_per_image == 2 * (2 * 16 * 16 * 8) + 3 * 16 * 16
    assert report.workload.stack == parse_stack(stack).text


class Recurrent(nn.Module):
    """An LSTM of 64 hidden features over the rows of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(12, 64, batch_first=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Read the rows of 3 x 4 values."""
        return self.rnn(images.transpose(1, 2).flatten(2))[0][:, -1]


def test_small_lstms_go_step_by_step_before_they_had_a_persistent_kernel():
    def launches(stack: str) -> int:
        report = memprof.analyze(lambda: Recurrent().eval(), batch_size=2, resolution=4, stack=stack)
        return report.totals.launches

    # A product and the gates for each of 4 rows, instead of one kernel.
    assert launches("torch 1.11") - launches("torch 1.12") == 2 * 4 - 1


@pytest.mark.parametrize(("stack", "most"), [("torch 1.11", 2), ("torch 1.13", 3), ("torch 2.0", 3), ("torch 2.1", 4)])
def test_linear_layers_add_their_bias_apart_beyond_some_dimensions(stack: str, most: int):
    for dimensions in (2, 3, 4):
        source, layer = torch.ones((3,) * dimensions), nn.Linear(3, 5)
        with stack_settings(parse_stack(stack)), torch.profiler.profile() as profile:
            result = layer(source)
        ran = {event.name for event in profile.events()}
        assert ("aten::addmm" in ran) is (dimensions <= most)
        assert ("aten::add_" in ran) is (dimensions > most)
        assert torch.allclose(result, layer(source))


class Head(nn.Module):
    """A linear layer on the mean of 3 colours: two parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Classify."""
        return self.fc(images.mean((2, 3)))


def test_gradients_were_kept_and_parameters_updated_one_by_one_before_torch_2():
    def calls(stack: str) -> dict[str, int]:
        report = memprof.analyze(Head, device="a100", batch_size=2, resolution=4, phase="train", stack=stack)
        launches: Counter[str] = Counter()
        for row in report.operators:
            if "foreach" in row.name or row.name == "aten::add_":
                launches[row.name] += row.launches
        return dict(launches)

    today, then = calls(""), calls("torch 1.13")
    assert (today, then.pop("aten::_foreach_zero_")) == ({"aten::_foreach_add_": 3, "aten::_foreach_mul_": 1}, 2)
    assert then.pop("aten::add_") == 2  # the backward pass adds to both gradients
    assert then == {name: 2 * count for name, count in today.items()}
