"""torch.autocast inside a model: off and on again in the simulated run, and as it was afterwards."""

from __future__ import annotations

import pytest
import torch
from torch import autocast as bound_earlier
from torch import nn

from memprof.calls import extract_calls
from memprof.errors import ModelError
from memprof.operators import registry
from memprof.profiles.meta.autocast_region import AutocastAnswers
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision

HALF, BRAIN = torch.float16, torch.bfloat16


def torchs_own():
    region = torch.autocast
    return (
        region,
        torch.amp.autocast,
        torch.is_autocast_enabled,
        torch.get_autocast_dtype,
        region.__init__,
        region.__enter__,
        region.__exit__,
    )


OWN = torchs_own()


class Switching(nn.Module):
    """Three products: the second in a region of autocast with `options`."""

    def __init__(self, device, **options):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8, bias=False) for _ in range(3))
        self.device, self.options, self.seen = device, options, []

    def note(self):
        on = torch.is_autocast_enabled(self.device)
        self.seen.append(torch.get_autocast_dtype(self.device) if on else None)

    def forward(self, x):
        x = x.mean((2, 3)).repeat(1, 3)[:, :8]
        first, second, third = self.layers
        self.note()
        x = first(x)
        with torch.autocast(self.device, **self.options):
            self.note()
            x = second(x.float())
        self.note()
        return third(x.float())


def run(build, precision, training=False):
    """Return the dtypes of the forward matrix products, and the model."""
    built = []

    def keep():
        built.append(build())
        return built[0]

    simulation = simulate(
        keep, batch_size=2, resolution=4, training=training, precision=get_precision(precision), channels_last=False
    )
    calls = extract_calls(simulation.profile, lambda name: registry.find(name) is not None)
    products = [call for call in calls if call.name == "aten::mm" and call.phase == "forward"]
    return [call.tensor(0).dtype for call in products], built[0]


@pytest.mark.parametrize("device", ["meta", "cuda"])
@pytest.mark.parametrize("training", [False, True])
def test_a_region_switches_casts_off_and_on_again(device, training):
    dtypes, model = run(lambda: Switching(device, enabled=False), "amp-fp16", training)
    assert dtypes == ["float16", "float32", "float16"]
    assert model.seen == [HALF, None, HALF]


@pytest.mark.parametrize(
    ("options", "precision", "dtypes", "seen"),
    [
        ({"dtype": BRAIN}, "amp-fp16", ["float16", "bfloat16", "float16"], [HALF, BRAIN, HALF]),
        ({}, "amp-bf16", ["bfloat16"] * 3, [BRAIN] * 3),
        ({}, "fp32", ["float32", "float16", "float32"], [None, HALF, None]),
        ({"enabled": False}, "fp32", ["float32"] * 3, [None] * 3),
        ({"dtype": BRAIN, "enabled": False}, "amp-fp16", ["float16", "float32", "float16"], [HALF, None, HALF]),
    ],
)
def test_a_region_has_the_dtype_it_asks_for(options, precision, dtypes, seen):
    actual, model = run(lambda: Switching("cuda", **options), precision)
    assert actual == dtypes
    assert model.seen == seen


class Broken(nn.Module):
    def forward(self, x):
        with torch.autocast("cuda", enabled=False):
            raise ArithmeticError("in the region")


def test_torchs_own_functions_come_back():
    run(lambda: Switching("meta", enabled=False), "amp-fp16")
    assert torchs_own() == OWN
    with pytest.raises(ModelError, match="in the region"):
        run(Broken, "amp-fp16")
    assert torchs_own() == OWN


class State:
    autocast = HALF


def test_regions_nest_and_end_with_an_error():
    state = State()
    with AutocastAnswers(state):
        with torch.autocast("meta", enabled=False):
            with torch.amp.autocast("cuda", dtype=BRAIN):
                assert state.autocast is BRAIN
            assert state.autocast is None
        with pytest.raises(KeyError), torch.autocast("meta", enabled=False):
            raise KeyError
        assert state.autocast is HALF
    assert torchs_own() == OWN


def test_a_region_may_be_a_decorator_and_be_entered_again():
    state = State()
    with AutocastAnswers(state):

        @torch.autocast("cuda", enabled=False)
        def deep(levels):
            assert state.autocast is None
            return levels and deep(levels - 1)

        assert deep(2) == 0
        assert state.autocast is HALF


def test_other_devices_are_answered_by_torch():
    state = State()
    with AutocastAnswers(state):
        assert torch.is_autocast_enabled()  # no name: CUDA's
        assert not torch.is_autocast_enabled("cpu")
        with torch.autocast("cpu", dtype=BRAIN):
            assert torch.is_autocast_enabled("cpu")
            assert torch.get_autocast_dtype("cpu") is BRAIN
            assert state.autocast is HALF
        assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize(
    "region", [lambda: torch.cuda.amp.autocast(enabled=False), lambda: bound_earlier("cuda", enabled=False)]
)
@pytest.mark.filterwarnings("ignore:.*torch.cuda.amp.autocast.*:FutureWarning")
def test_older_names_of_the_region_switch_it_off_as_well(region):
    state = State()
    with AutocastAnswers(state):
        with region():
            assert state.autocast is None
        assert state.autocast is HALF
    assert torchs_own() == OWN


def test_a_model_that_runs_while_it_is_built_finds_autocast_off():
    seen = []

    class Probing(Switching):
        def __init__(self):
            super().__init__("cuda", enabled=False)
            seen.append(torch.is_autocast_enabled(self.layers[0].weight.device.type))

    run(Probing, "amp-fp16")
    assert seen == [False]
    assert torchs_own() == OWN
