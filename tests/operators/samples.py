"""A sample call of every operator that has a formula, for tests that hold for all of them."""

from __future__ import annotations

from memprof.operators.optimizer import _POINTWISE as FOREACH
from memprof.operators.pointwise_flops import TABLE
from tests.operators import sample_layers as layers
from tests.operators.building import tensor
from tests.operators.sample_tensors import IMAGE, INDICES, LIST, MATRIX, VOLUME, Inputs


def _pointwise() -> dict[str, Inputs]:
    calls: dict[str, Inputs] = {}
    for entry in TABLE:
        for name in entry.names.split():
            for suffix in ("", "_") if entry.in_place else ("",):
                calls[name + suffix] = (IMAGE,) * entry.operands
    for name in FOREACH.split():
        operands = next(entry.operands for entry in TABLE if name in entry.names.split())
        calls[f"_foreach_{name}"] = calls[f"_foreach_{name}_"] = (LIST,) * operands
    return calls


def _activations() -> dict[str, Inputs]:
    fills = "bernoulli_ uniform_ normal_ exponential_ random_ log_normal_ geometric_ cauchy_ zero_ fill_ bernoulli"
    return {
        **dict.fromkeys(fills.split(), (IMAGE,)),
        "gelu": (IMAGE, "none"),
        "gelu_": (IMAGE, "tanh"),
        "gelu_backward": (IMAGE, IMAGE, "none"),
        "glu": (IMAGE, 1),
        "glu_backward": (tensor(4, 4, 12, 12), IMAGE, 1),
        "_prelu_kernel_backward": (IMAGE, IMAGE, tensor(1, 8, 1, 1)),
        "native_dropout": (IMAGE, 0.1, True),
        "_fused_dropout": (IMAGE, 0.9),
        "_transform_bias_rescale_qkv": (tensor(2, 16, 96), tensor(96), 4),
    }


def _reductions() -> dict[str, Inputs]:
    each = "sum mean prod nansum amax amin all any logsumexp max min argmax argmin aminmax var std var_mean std_mean"
    scans = "cumsum cumprod logcumsumexp cumsum_ cummax cummin sort argsort median"
    target = tensor(16, dtype="int64")
    return {
        **dict.fromkeys(each.split(), (MATRIX,)),
        **dict.fromkeys(scans.split(), (MATRIX, 1)),
        "linalg_vector_norm": (MATRIX, 2, (1,), False, None),
        "norm": (MATRIX, 2),
        "histc": (MATRIX, 10, 0, 1),
        "topk": (MATRIX, 5, -1),
        "kthvalue": (MATRIX, 5, -1),
        "_softmax": (MATRIX, 1, False),
        "_safe_softmax": (MATRIX, 1),
        "_log_softmax": (MATRIX, 1, False),
        "_softmax_backward_data": (MATRIX, MATRIX, 1, 6),
        "_log_softmax_backward_data": (MATRIX, MATRIX, 1, 6),
        "nll_loss_forward": (MATRIX, target, None, 1, -100),
        "nll_loss_backward": (tensor(), MATRIX, target, None, 1, -100, tensor()),
        "nll_loss2d_forward": (IMAGE, tensor(4, 12, 12, dtype="int64"), None, 1, -100),
        "nll_loss2d_backward": (tensor(), IMAGE, tensor(4, 12, 12, dtype="int64"), None, 1, -100, tensor()),
        "mse_loss": (MATRIX, MATRIX, 1),
        "smooth_l1_loss": (MATRIX, MATRIX, 1, 1.0),
        "huber_loss": (MATRIX, MATRIX, 1, 1.0),
        "binary_cross_entropy": (MATRIX, MATRIX, None, 1),
    }


def _layouts() -> dict[str, Inputs]:
    moved = "clone roll flip channel_shuffle pixel_shuffle pixel_unshuffle _conj_physical rot90 tril triu index nonzero"
    calls: dict[str, Inputs] = {
        **dict.fromkeys(moved.split(), (IMAGE,)),
        **dict.fromkeys(["cat", "_cat", "stack", "concat", "hstack", "vstack"], ((MATRIX, MATRIX), 0)),
        "copy_": (IMAGE, IMAGE, False),
        "_copy_from": (IMAGE, IMAGE, False),
        "_to_copy": (IMAGE, 5, None, None, None, False, None),
        "constant_pad_nd": (IMAGE, (1, 1, 1, 1), 0),
        "slice_backward": (tensor(16, 8), (16, 32), 1, 0, 8, 1),
        "select_backward": (tensor(16), (16, 32), 1, 0),
        "diagonal_backward": (tensor(16), (16, 32), 0, 0, 1),
        "unfold_backward": (tensor(4, 5, 8), (4, 12), 1, 8, 1),
        "select_scatter": (MATRIX, tensor(16), 1, 0),
        "slice_scatter": (MATRIX, tensor(16, 8), 1, 0, 8, 1),
        "arange": (12, None, None, None, False),
        "linspace": (0, 1, 12, None, None, None, None),
        "embedding": (MATRIX, INDICES, -1, False, False),
        "embedding_dense_backward": (tensor(6, 32), INDICES, 16, -1, False),
        "_embedding_bag": (MATRIX, INDICES, tensor(2, dtype="int64"), False, 0, False, None),
        "_embedding_bag_forward_only": (MATRIX, INDICES, tensor(2, dtype="int64"), False, 0, False, None),
        "_embedding_bag_backward": (tensor(2, 32), INDICES, tensor(2, dtype="int64"), INDICES, INDICES, INDICES, 16),
        "_embedding_bag_dense_backward": (tensor(2, 32), INDICES, INDICES, INDICES, INDICES, 16),
        "index_select": (MATRIX, 0, INDICES),
        "gather": (MATRIX, 0, tensor(6, 32, dtype="int64"), False),
        "take": (MATRIX, INDICES),
        "take_along_dim": (MATRIX, tensor(6, 32, dtype="int64"), 0),
        "index_put": (MATRIX, (INDICES,), tensor(6, 32), True),
        "index_put_": (MATRIX, (INDICES,), tensor(6, 32), False),
        "_index_put_impl_": (MATRIX, (INDICES,), tensor(), False, False),
        "masked_select": (MATRIX, tensor(16, 32, dtype="bool")),
        "masked_scatter": (MATRIX, tensor(16, 1, dtype="bool"), tensor(6, 32)),
        "masked_scatter_": (MATRIX, tensor(16, 1, dtype="bool"), tensor(6, 32)),
    }
    for name in ["scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy", "index_fill"]:
        source = tensor() if name == "index_fill" else tensor(6, 32)
        calls[name] = calls[f"{name}_"] = (MATRIX, 0, tensor(6, 32, dtype="int64"), source)
    for mode in ("reflection", "replication"):
        for rank, source in ((1, tensor(4, 8, 12)), (2, IMAGE), (3, VOLUME)):
            padded = tensor(*source.shape[:-rank], *(size + 2 for size in source.shape[-rank:]))
            calls[f"{mode}_pad{rank}d"] = (source, (1, 1) * rank)
            calls[f"{mode}_pad{rank}d_backward"] = (padded, source, (1, 1) * rank)
    return calls


def _optimizers() -> dict[str, Inputs]:
    calls: dict[str, Inputs] = {
        "_foreach_zero_": (LIST,),
        "_foreach_copy_": (LIST, LIST),
        "_foreach_norm": (LIST, 2),
        "_foreach_max": (LIST,),
        "_amp_foreach_non_finite_check_and_unscale_": (LIST, tensor(1), tensor(1)),
        "_amp_update_scale_": (tensor(1), tensor(1, dtype="int32"), tensor(1), 2.0, 0.5, 2000),
    }
    for name in ("sgd", "adam", "adamw", "adagrad"):
        calls[f"_fused_{name}"] = calls[f"_fused_{name}_"] = (LIST, LIST, LIST, LIST)
    return calls


SAMPLES: dict[str, Inputs] = {
    name if "::" in name else f"aten::{name}": inputs
    for family in (
        _pointwise,
        layers.convolutions,
        layers.matrix_products,
        layers.attention,
        layers.recurrent,
        layers.norms,
        _activations,
        _reductions,
        layers.pools,
        layers.sampled,
        _layouts,
        _optimizers,
    )
    for name, inputs in family().items()
}
