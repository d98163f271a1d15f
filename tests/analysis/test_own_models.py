"""A model that somebody holds, given to `analyze` with its inputs: it stays as it is, and is analysed as it is."""

from __future__ import annotations

import copy
import random
import re
from collections import namedtuple
from functools import partial

import numpy
import pytest
import torch
from torch import Tensor, nn

import memprof
from memprof.errors import MemprofError, ModelError, WorkloadError

BATCH, SIDE = 4, 8
IMAGES = torch.rand(BATCH, 3, SIDE, SIDE)


class Net(nn.Module):
    """A small network with everything that an instance can carry: a buffer, a frozen layer, a tied weight, a hook."""

    def __init__(self, width: int = 16, classes: int = 10):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(width, classes)
        self.register_buffer("scale", torch.ones(1))
        self.plain = torch.full((width,), 3.0)
        self.calls = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        features = self.norm(self.stem(images)).relu().mean((2, 3)) * self.scale + self.plain.to(images.dtype)
        return self.head(self.dropout(features))


def train(model, *inputs, **options):
    return memprof.analyze(model, inputs or (IMAGES,), phase="train", **options)


def work(report, name, phase=None):
    rows = [row for row in report.operators if row.name == f"aten::{name}" and phase in (None, row.phase)]
    return sum(row.flops for row in rows)


def held() -> Net:
    model = Net()
    model.norm.eval()
    model.stem.weight.requires_grad_(False)
    model.stem.weight.grad = torch.ones_like(model.stem.weight)
    model.register_forward_hook(lambda module, inputs, output: output * 2)
    return model


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_the_analysis_of_an_instance_leaves_it_bit_identical(phase):
    model = held()
    state, gradient = copy.deepcopy(model.state_dict()), model.stem.weight.grad.clone()
    identities = {name: (id(tensor), tensor.data_ptr()) for name, tensor in model.state_dict(keep_vars=True).items()}
    modes = [(module.training, len(module._forward_hooks)) for module in model.modules()]
    flags = [parameter.requires_grad for parameter in model.parameters()]
    torch.manual_seed(7), random.seed(7), numpy.random.seed(7)
    generators = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1]
    images = IMAGES.clone()

    memprof.analyze(model, images, phase=phase)

    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    after = {name: (id(tensor), tensor.data_ptr()) for name, tensor in model.state_dict(keep_vars=True).items()}
    assert after == identities
    assert [(module.training, len(module._forward_hooks)) for module in model.modules()] == modes
    assert [parameter.requires_grad for parameter in model.parameters()] == flags
    assert torch.equal(model.stem.weight.grad, gradient)
    assert model.calls == 0
    assert torch.equal(model.plain, torch.full((16,), 3.0))
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert random.getstate() == generators[1]
    assert (numpy.random.get_state()[1] == generators[2]).all()
    assert torch.equal(images, IMAGES)
    assert torch.is_grad_enabled()
    assert torch.get_default_device() == torch.device("cpu")


def test_modes_of_submodules_frozen_parameters_and_hooks_count():
    report = train(held())
    names = {row.name for row in report.operators}

    assert work(report, "convolution", "backward") == work(report, "convolution_backward", "backward") == 0
    assert "aten::native_batch_norm" not in names or "aten::_batch_norm_impl_index" not in names
    assert report.totals.parameters == 16 * 3 * 9 + 2 * 16 + 16 * 10 + 10
    doubled = [row for row in report.operators if row.name == "aten::mul" and row.input_shapes[0] == (BATCH, 10)]
    assert [row.calls for row in doubled if row.phase == "forward"] == [1]


def test_batch_resolution_and_name_come_from_what_is_given():
    workload = memprof.analyze(Net(), IMAGES).workload

    assert (workload.batch_size, workload.resolution) == (BATCH, SIDE)
    assert workload.model.endswith(":Net")
    assert workload.inputs == "4x3x8x8"


@pytest.mark.parametrize(
    "inputs",
    [
        IMAGES,
        (IMAGES,),
        memprof.spec("4x3x8x8", "float32"),
        memprof.spec((4, 3, 8, 8)),
        "4x3x8x8",
        numpy.ones((4, 3, 8, 8), "f4"),
    ],
)
def test_inputs_may_be_tensors_or_descriptions_of_them(inputs):
    report = memprof.analyze(Net(), inputs)

    assert report.workload.inputs == "4x3x8x8"
    # A multiplication and an addition for each of 27 taps, 16 channels and 8 x 8 pixels of 4 images.
    assert work(report, "convolution") + work(report, "conv2d") == 2 * 27 * 16 * 64 * 4


def test_an_instance_a_class_a_function_and_a_partial_are_the_same():
    class Small(Net):
        def __init__(self):
            super().__init__(width=16)

    reports = [memprof.analyze(model, IMAGES) for model in (Small(), Small, partial(Small))]

    assert len({report.totals for report in reports}) == 1


@pytest.mark.parametrize(
    ("change", "precision"),
    [
        (lambda model: model, "tf32"),
        (lambda model: model.half(), "fp16"),
        (lambda model: model.bfloat16(), "bf16"),
    ],
)
def test_the_parameters_own_type_decides_the_precision(change, precision):
    report = memprof.analyze(change(Net()), IMAGES)

    assert report.workload.precision == precision
    with pytest.raises(WorkloadError, match="leave the precision out"):
        memprof.analyze(Net().half(), IMAGES, precision="bf16")


class Towers(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(100, 8)
        self.left, self.right = nn.Linear(8, 4), nn.Linear(6, 4)

    def forward(self, text, features, *, mask=None, scales=(1.0,)):
        embedded = self.words(text["ids"]).mean(1)
        if mask is not None:
            embedded = embedded * mask
        return {"logits": self.left(embedded) @ self.right(features[0]).T * scales[0], "words": embedded}


def test_nested_inputs_keyword_arguments_and_plain_values_reach_the_model():
    text, features = {"ids": torch.zeros(5, 7, dtype=torch.int64)}, [memprof.spec("3x6")]
    kwargs = {"mask": memprof.spec("5x8"), "scales": (2.0,)}
    report = memprof.analyze(Towers(), (text, features), kwargs, phase="train")

    assert report.workload.inputs == "{ids: 5x7:int64}, [3x6], mask=5x8, scales=[2.0]"
    assert report.workload.batch_size == 5
    products = {
        row.input_shapes: row.flops for row in report.operators if row.name == "aten::mm" and row.phase == "forward"
    }
    assert products[((5, 4), (4, 3))] == 2 * 5 * 4 * 3
    assert [warning.message for warning in report.warnings if warning.code == "loss"] == [
        "the loss is the cross-entropy of the output 'logits'; words left out"
    ]


def test_a_dict_of_the_forwards_own_names_is_keyword_arguments():
    inputs = {"text": {"ids": memprof.spec("5x7", "int64")}, "features": [memprof.spec("3x6")]}

    assert memprof.analyze(Towers(), inputs).totals == memprof.analyze(Towers(), kwargs=inputs).totals


Pair = namedtuple("Pair", "first second")


class Pairing(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, pair):
        return Pair(self.layer(pair.first), self.layer(pair.second))


def test_named_tuples_stay_named_tuples():
    report = train(Pairing(), Pair(memprof.spec("2x4"), memprof.spec("3x4")))

    assert [warning.message for warning in report.warnings if warning.code == "loss"] == [
        "the loss is the mean squared error of the output 'first'; second left out"
    ]


def test_a_loss_of_ones_own():
    def double(output):
        return output.pow(2).sum()

    report = train(Net(), loss=double)

    assert work(report, "pow", "forward") == BATCH * 10
    assert any("double" in warning.message for warning in report.warnings)


def test_adamw_and_an_optimizer_of_ones_own_update_alike():
    named = train(Net(), optimizer="adamw")
    own = train(Net(), optimizer=torch.optim.AdamW)
    numbers = 16 * 3 * 9 + 2 * 16 + 16 * 10 + 10

    assert named.memory is not None
    assert named.memory.optimizer_bytes == 2 * 4 * numbers  # two moments of 32 bits
    for report in (named, own):
        steps = [row for row in report.operators if row.phase == "optimizer"]
        assert sum(row.dram_bytes for row in steps) > 4 * 4 * numbers  # parameter, gradient and moments are read
        assert report.coverage.bytes == 1
    assert named.workload.optimizer == "adamw"


def test_a_step_of_sgd_knows_frozen_and_unused_parameters():
    class Unused(Net):
        def __init__(self):
            super().__init__()
            self.unused = nn.Linear(1000, 1000)

    model = Unused()
    report = train(model)
    (momenta,) = [row for row in report.operators if row.name == "aten::_foreach_mul_" and row.phase == "optimizer"]

    assert momenta.flops == 16 * 3 * 9 + 2 * 16 + 16 * 10 + 10


def test_tied_parameters_are_counted_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.head = nn.Embedding(50, 8), nn.Linear(8, 50, bias=False)
            self.head.weight = self.words.weight

        def forward(self, ids):
            return {"logits": self.head(self.words(ids))}

    report = train(Tied(), memprof.spec("2x3:int64"))

    assert report.totals.parameters == 50 * 8


def test_a_compiled_module_is_analysed_as_what_it_wraps():
    compiled = torch.compile(Net())  # nothing is compiled until it is called
    report = memprof.analyze(compiled, IMAGES)

    assert report.totals.flops == memprof.analyze(Net(), IMAGES).totals.flops
    assert report.warnings[0].code == "wrapped"


class Reads(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), Branch())

    def forward(self, numbers):
        return self.inner(numbers)


class Branch(nn.Module):
    def forward(self, numbers):
        return numbers if numbers.sum().item() > 0 else -numbers


class Grows(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, numbers):
        self.layers.append(nn.Linear(4, 4))
        return self.layers[-1](self.layers[0](numbers))


def test_a_model_that_changes_itself_is_told_and_not_trained_and_only_a_copy_was_changed():
    model, said = Grows(), r"changes itself in its forward: layers\.1\.weight, layers\.1\.bias"
    (warning,) = memprof.analyze(model, memprof.spec("2x4")).warnings
    assert re.search(said, warning.message)
    with pytest.raises(ModelError, match=said):
        train(model, memprof.spec("2x4"))

    assert len(model.layers) == 1


FOUR = memprof.spec("2x4")


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: memprof.analyze(Net(), ()), WorkloadError, "no tensor"),
        (lambda: memprof.analyze(Net(), torch.zeros(0, 3, 8, 8)), WorkloadError, "0x3x8x8 is empty"),
        (lambda: memprof.spec("2x3", "float31"), WorkloadError, "float32"),
        (lambda: memprof.spec("2*3"), WorkloadError, "2x3x224x224"),
        (lambda: memprof.analyze(Net(), kwargs={"image": IMAGES}), WorkloadError, "did you mean images"),
        (lambda: memprof.analyze(Net(), (IMAGES, IMAGES)), WorkloadError, "too many positional"),
        (lambda: memprof.analyze(Net(), kwargs=[IMAGES]), WorkloadError, "kwargs is a list"),
        (lambda: memprof.analyze(Net(), IMAGES, resolution=7), WorkloadError, "resolution"),
        (lambda: memprof.analyze(Net(), torch.zeros(2, 4, 8, 8)), ModelError, "'stem'.*2x4x8x8"),
        (lambda: memprof.analyze(Reads(), FOUR), ModelError, r"'inner.1'.*\.item\(\).*test_own_models.py"),
        (lambda: train(Net(), loss=lambda output: output), ModelError, "not one number"),
        (lambda: train(Net(), loss=lambda output: 3.0), ModelError, "float"),
        (lambda: train(Net(), loss="mse"), WorkloadError, "function"),
        (lambda: train(Net(), optimizer="adam"), WorkloadError, "adamw"),
        (lambda: train(Net(), optimizer=torch.optim.LBFGS), ModelError, "closure"),
        (lambda: train(Net(), optimizer=lambda parameters: 3), ModelError, "no step"),
        (lambda: train(Net().requires_grad_(False)), ModelError, "gradient"),
        (lambda: memprof.analyze(torch.jit.script(nn.Linear(4, 4)), FOUR), ModelError, "TorchScript"),
        (lambda: memprof.analyze(nn.LazyLinear(4), FOUR), ModelError, "run it once on one, or give sizes"),
        (lambda: memprof.analyze(3), ModelError, "not a int"),
        (lambda: memprof.analyze(nn.Linear(4, 4)), ModelError, "images 128x3x224x224.*inputs of its own"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line_of_python(ask, error, words):
    with pytest.raises(error, match=words) as caught:
        ask()

    assert isinstance(caught.value, MemprofError)
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)


class Strided(nn.Module):
    """Reads a size from a buffer of its own, as audio codecs do."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("stride", torch.tensor(4), persistent=False)
        self.layer = nn.Conv1d(1, 8, 4, 4)

    def forward(self, sound: Tensor) -> Tensor:
        return self.layer(nn.functional.pad(sound, (0, (-sound.shape[-1] % self.stride).item())))


def test_a_model_may_read_the_integers_that_it_keeps() -> None:
    model = Strided()
    report = memprof.analyze(model, memprof.spec("2x1x1001"))
    assert int(model.stride) == 4
    (row,) = [row for row in report.operators if row.name == "aten::convolution"]
    assert row.flops == 2 * 8 * 251 * (2 * 4) + 2 * 8 * 251  # 1004 samples by fours; products and the bias
