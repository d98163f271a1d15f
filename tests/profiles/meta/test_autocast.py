"""The autocast of the simulated run: CUDA's lists, its weight cache, its casts as real traffic."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn
from torch.autograd.profiler import profile
from torch.nn import functional

from memprof.calls import extract_calls
from memprof.operators import registry
from memprof.profiles.kineto import read_events
from memprof.profiles.meta import autocast
from memprof.profiles.meta.autocast import CudaFrontEnd
from memprof.profiles.meta.mode import MetaRules
from memprof.profiles.records import Profile
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Phase

HALF, WIDE = torch.float16, torch.float32


class Everything(nn.Module):
    """One operator of every policy; `twice` is used twice in a step."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.twice = nn.Linear(8, 8, bias=False)
        self.rows = nn.LayerNorm(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = functional.relu(self.norm(self.conv(x))).mean((2, 3))
        x = self.twice(self.twice(x)).softmax(1)
        return self.head(self.rows(x))


def calls_of(build, precision, training=True):
    simulation = simulate(
        build, batch_size=2, resolution=8, training=training, precision=get_precision(precision), channels_last=False
    )
    return extract_calls(simulation.profile, lambda name: registry.find(name) is not None)


def calls_under_autocast(run):
    """Return the calls that `run` makes on meta under float16 autocast."""
    with (
        MetaRules(),
        torch.device("meta"),
        profile(use_kineto=True, record_shapes=True) as profiler,
        CudaFrontEnd(HALF),
    ):
        run()
    return extract_calls(Profile(read_events(profiler.kineto_results)), lambda name: registry.find(name) is not None)


def dtypes(calls, name, phase=Phase.FORWARD):
    """Return the dtypes of the tensors that each call of an operator reads, in order of the calls."""
    matching = [call for call in calls if call.name == f"aten::{name}" and call.phase is phase]
    return [tuple(tensor.dtype for tensor in call.tensors()) for call in matching]


SCALAR_TYPES = {5: "float16", 6: "float32", 15: "bfloat16"}
"""How the profiler records a dtype argument (c10/core/ScalarType.h)."""


def copies(calls, phase=Phase.FORWARD):
    """Return (to, from, shape) of every cast."""
    casts = [call for call in calls if call.name == "aten::_to_copy" and call.phase is phase]
    return [(SCALAR_TYPES[call.inputs[1]], call.tensor(0).dtype, call.tensor(0).shape) for call in casts]


@pytest.mark.parametrize(("precision", "low"), [("amp-fp16", "float16"), ("amp-bf16", "bfloat16")])
def test_every_operator_reads_what_cuda_autocast_gives_it(precision, low):
    calls = calls_of(Everything, precision)
    full = "float32"
    assert dtypes(calls, "convolution") == [(low, low)]
    # Batch norm is on no list: it takes the half-precision image as it comes, and float32 parameters and statistics.
    assert dtypes(calls, "native_batch_norm") + dtypes(calls, "cudnn_batch_norm") == [(low, full, full, full, full)]
    assert dtypes(calls, "relu") == [(low,)]
    assert dtypes(calls, "mean") == [(low,)]
    assert dtypes(calls, "mm") == [(low, low)] * 2
    # float16 is widened by the kernel itself, bfloat16 by a copy before it.
    widened = low if low == "float16" else full
    assert dtypes(calls, "_softmax") == [(widened,)]
    assert dtypes(calls, "native_layer_norm") == [(full, full, full)]
    assert dtypes(calls, "addmm") == [(low, low, low)]
    assert dtypes(calls, "_log_softmax") == [(widened,)]
    assert dtypes(calls, "nll_loss_forward") == [(full, "int64")]


def test_casts_are_copies_and_a_weight_is_cast_once():
    casts = Counter(copies(calls_of(Everything, "amp-fp16")))
    to_half = {shape: count for (to, source, shape), count in casts.items() if to == "float16"}
    assert to_half == {
        (2, 3, 8, 8): 1,  # the images
        (8, 3, 3, 3): 1,
        (8, 8): 1,  # `twice`, though two products read it
        (10, 8): 1,
        (10,): 1,
        (2, 8): 1,  # the layer norm's result, for the head
    }
    assert not [shape for to, source, shape in casts if to == "float32"]  # softmax and loss widen as they go


def test_casts_have_gradients():
    calls = calls_of(Everything, "amp-fp16")
    back = Counter(copies(calls, Phase.BACKWARD))
    to_full = {shape: count for (to, source, shape), count in back.items() if (to, source) == ("float32", "float16")}
    # Every weight's gradient becomes float32 once; those of `twice` are summed in float16 before.
    assert to_full == {(8, 3, 3, 3): 1, (8, 8): 1, (10, 8): 1, (10,): 1, (2, 8): 1}
    assert dtypes(calls, "_softmax_backward_data", Phase.BACKWARD) == [("float32", "float32")]
    assert dtypes(calls, "convolution_backward", Phase.BACKWARD) == [("float16",) * 3]
    parameters = {tensor.dtype for call in calls if call.phase is Phase.OPTIMIZER for tensor in call.tensors()}
    assert parameters == {"float32"}


@pytest.mark.parametrize("precision", ["tf32", "fp32", "fp16", "bf16"])
def test_without_autocast_nothing_is_cast(precision):
    calls = calls_of(Everything, precision)
    assert copies(calls) == copies(calls, Phase.BACKWARD) == []
    storage = get_precision(precision).storage
    floats = {tensor.dtype for call in calls for tensor in call.tensors() if "float" in tensor.dtype}
    statistics = {"float32"} if storage != "float32" else set()
    assert floats - statistics == {storage}


def test_a_second_step_casts_anew():
    model = Everything()
    first, second = (copies(calls_of(lambda: model, "amp-fp16")) for _ in range(2))
    assert first == second


def test_weights_are_cast_once_in_inference_too():
    casts = copies(calls_of(Everything, "amp-fp16", training=False))
    assert casts.count(("float16", "float32", (8, 8))) == 1


CASES = [
    ("conv2d", lambda x: functional.conv2d(x, torch.ones(4, 4, 1, 1, dtype=x.dtype))),
    ("conv_transpose2d", lambda x: functional.conv_transpose2d(x, torch.ones(4, 4, 1, 1, dtype=x.dtype))),
    ("linear", lambda x: functional.linear(x, torch.ones(3, 4, dtype=x.dtype))),
    ("matmul", lambda x: x @ x),
    ("einsum", lambda x: torch.einsum("bchw,bchv->bcwv", x, x)),
    ("bmm", lambda x: torch.bmm(x[0], x[0])),
    ("addmm", lambda x: torch.addmm(x[0, 0], x[0, 0], x[0, 0])),
    ("mse_loss", lambda x: functional.mse_loss(x, x)),
    ("cat", lambda x: torch.cat([x, x.float()])),
    ("stack", lambda x: torch.stack([x, x.float()])),
    ("relu", lambda x: x.relu()),
    ("add", lambda x: x + x),
    ("gelu", functional.gelu),
    ("mean", lambda x: x.mean()),
    ("max_pool2d", lambda x: functional.max_pool2d(x, 2)),
]


@pytest.mark.parametrize("start", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("name", "function"), CASES, ids=[name for name, _ in CASES])
def test_results_have_the_type_that_torchs_own_autocast_gives(name, function, start):
    """On the CPU, for operators that both of torch's lists treat alike."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        real = function(torch.ones(2, 4, 4, 4, dtype=start))
    with MetaRules(), torch.device("meta"), CudaFrontEnd(torch.bfloat16):
        simulated = function(torch.ones(2, 4, 4, 4, dtype=start))
    assert simulated.dtype == real.dtype
    assert simulated.shape == real.shape


TO_FLOAT32 = [
    lambda x: x.softmax(-1),
    lambda x: functional.log_softmax(x, -1),
    lambda x: functional.layer_norm(x, (4,)),
    lambda x: functional.group_norm(x, 2),
    lambda x: functional.rms_norm(x, (4,)),
    lambda x: x.exp(),
    lambda x: torch.pow(x, 2),
    lambda x: x**2,
    lambda x: 1 / x,
    lambda x: x.sum(),
    lambda x: x.sum((2, 3)),
    lambda x: x.prod(),
    lambda x: x.cumsum(1),
    lambda x: x.norm(),
    lambda x: torch.linalg.vector_norm(x, dim=1),
    functional.normalize,
    functional.softplus,
    lambda x: functional.interpolate(x, scale_factor=2),
    lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear"),
    lambda x: functional.cross_entropy(x[:, :, 0, 0], torch.zeros(2, dtype=torch.int64)),
    lambda x: functional.cross_entropy(x[:, :, 0, 0], torch.zeros(2, dtype=torch.int64), label_smoothing=0.1),
    lambda x: functional.cross_entropy(x[:, :, 0, 0], x[:, :, 0, 0]),
]


@pytest.mark.parametrize("low", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("function", TO_FLOAT32)
def test_cudas_float32_list_gives_float32(function, low):
    with MetaRules(), torch.device("meta"), CudaFrontEnd(low):
        assert function(torch.ones(2, 4, 4, 4, dtype=low)).dtype == torch.float32


def test_a_dtype_that_the_caller_asks_for_is_kept():
    with MetaRules(), torch.device("meta"), CudaFrontEnd(HALF):
        narrow = torch.ones(2, 4, dtype=HALF)
        assert narrow.sum(1, dtype=HALF).dtype == HALF
        assert narrow.softmax(1, dtype=HALF).dtype == HALF
        assert torch.ones(2, 4).to(HALF).softmax(1, dtype=WIDE).dtype == WIDE


def test_half_precision_is_summed_into_float32_without_a_copy():
    calls = calls_under_autocast(lambda: torch.empty(2, 4, dtype=HALF).sum())
    assert not copies(calls)
    assert dtypes(calls, "sum") == [("float16",)]


def test_float64_and_integers_are_left_alone():
    with MetaRules(), torch.device("meta"), CudaFrontEnd(HALF):
        assert (torch.ones(2, 2, dtype=torch.float64) @ torch.ones(2, 2, dtype=torch.float64)).dtype == torch.float64
        assert torch.ones(3, dtype=torch.int64).cumsum(0).dtype == torch.int64


NAMES_ELSEWHERE = {
    "_convolution": "conv2d and its like are cast before they reach it",
    "cudnn_convolution": "the same",
    "cudnn_convolution_transpose": "the same",
    "_cudnn_rnn": "lstm and its like are cast in memprof.profiles.meta_recurrent",
    "_thnn_fused_gru_cell": "gru_cell is cast before it reaches it",
    "_thnn_fused_lstm_cell": "the same",
    "_scaled_dot_product_flash_attention": "scaled_dot_product_attention is cast before it reaches it",
    "binary_cross_entropy": "autocast refuses it",
    "linalg_matrix_sqrth": "no network's operator",
}


def test_the_lists_are_those_of_the_installed_torch():
    """Every operator with a kernel for CUDA's autocast key, however it is spelled, is on a list."""
    registered = torch._C._dispatch_get_registrations_for_dispatch_key("AutocastCUDA")
    names = {name.removeprefix("aten::").split(".")[0] for name in registered if name.startswith("aten::")}
    ours = autocast.LOWER_PRECISION | autocast.FLOAT32 | autocast.WIDEST
    assert names > {"conv2d", "linear", "softmax", "addcmul"}
    assert names - ours - set(NAMES_ELSEWHERE) == set()


def test_no_operator_is_on_two_lists():
    lists = (autocast.LOWER_PRECISION, autocast.FLOAT32, autocast.WIDEST)
    assert len(frozenset.union(*lists)) == sum(len(names) for names in lists)


class Attention(nn.Module):
    """nn.MultiheadAttention, whose forward is Python over operators, down to Tensor.unflatten."""

    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(12, 2, batch_first=True)

    def forward(self, x):
        tokens = x.flatten(1).reshape(x.shape[0], -1, 12)
        return self.attend(tokens, tokens, tokens, need_weights=False)[0].mean(1)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("precision", "dtype", "kernel"),
    [("tf32", "float32", "efficient"), ("amp-fp16", "float16", "flash"), ("bf16", "bfloat16", "flash")],
)
def test_multihead_attention_is_seen_through(precision, dtype, kernel, training):
    calls = calls_of(Attention, precision, training)
    attention = dtypes(calls, f"_scaled_dot_product_{kernel}_attention")
    assert attention == [(dtype, dtype, dtype)]
    products = [operands for name in ("mm", "addmm", "bmm") for operands in dtypes(calls, name)]
    assert len(products) == 2  # the projection in, of query, key and value at once, and the projection out
    assert {item for operands in products for item in operands} == {dtype}
    assert not dtypes(calls, "_softmax")


def test_a_mask_takes_flash_attention_out_of_the_choice():
    def attend():
        query = torch.empty(2, 3, 5, 8)
        functional.scaled_dot_product_attention(query, query, query, attn_mask=torch.empty(5, 5))

    calls = calls_under_autocast(attend)
    (call,) = [call for call in calls if "attention" in call.name]
    assert call.name == "aten::_scaled_dot_product_efficient_attention"
    assert call.inputs[3] == TensorSpec((2, 3, 5, 5), (0, 0, 5, 1), "float16")
