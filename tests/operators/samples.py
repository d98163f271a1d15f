"""A sample call of every operator that has a formula, for tests that hold for all of them."""

from __future__ import annotations

from memprof.operators import convolution_shapes, resampling
from memprof.operators.optimizer import _POINTWISE as FOREACH
from memprof.operators.pointwise_flops import TABLE
from memprof.tensors.spec import Argument
from tests.operators.building import convolution, convolution_backward, tensor

Inputs = tuple[Argument, ...]

IMAGE = tensor(4, 8, 12, 12)
VOLUME = tensor(2, 8, 6, 6, 6)
MATRIX = tensor(16, 32)
CHANNELS = tensor(8)
INDICES = tensor(6, dtype="int64")
QUERY = tensor(2, 4, 256, 64, dtype="float16")
LIST = (tensor(64, 64), tensor(64), tensor(3, 3))
WEIGHT = tensor(16, 8, 3, 3)
PLAIN = ((1, 1), (1, 1), (1, 1), 1)
CONVOLVED = tensor(4, 16, 12, 12)
POOL = ((3, 3), (2, 2), (1, 1))


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


def _convolutions() -> dict[str, Inputs]:
    general = convolution(IMAGE, WEIGHT, tensor(16), padding=(1, 1))
    backward = convolution_backward(CONVOLVED, general)
    library = (IMAGE, WEIGHT, tensor(16), *PLAIN)
    old = (IMAGE, CONVOLVED, WEIGHT, *PLAIN)
    sized = (IMAGE, WEIGHT, (3, 3), tensor(16), (1, 1), (1, 1))
    calls = {
        "convolution": general,
        "_convolution": (*general, False, False, True, True),
        "convolution_overrideable": general,
        "cudnn_convolution": (IMAGE, WEIGHT, *PLAIN, False, False, True),
        "cudnn_convolution_transpose": (IMAGE, tensor(8, 16, 3, 3), (1, 1), (0, 0), (2, 2), (1, 1), 1),
        "conv_depthwise3d": (VOLUME, tensor(8, 1, 3, 3, 3), (3,) * 3, None, (1,) * 3, (1,) * 3, (1,) * 3),
        "_conv_depthwise2d": (IMAGE, tensor(8, 1, 3, 3), (3, 3), CHANNELS, (1, 1), (1, 1), (1, 1)),
        "slow_conv3d_forward": (VOLUME, tensor(4, 8, 3, 3, 3), (3,) * 3, None, (1,) * 3, (1,) * 3),
        "convolution_backward": backward,
        "convolution_backward_overrideable": (*backward[:3], *backward[4:]),
        "cudnn_convolution_backward": (*old, False, False, True, (True, True)),
        "miopen_convolution_backward": (*old, False, False, (True, True, True)),
        "mkldnn_convolution_backward": (*old, (True, True, True)),
    }
    for name in convolution_shapes.FORWARD:
        short = name.removeprefix("aten::")
        calls.setdefault(short, sized if "conv2d" in short else library)
    return calls


def _matrix_products() -> dict[str, Inputs]:
    left, right = tensor(3, 16, 32), tensor(3, 32, 8)
    calls: dict[str, Inputs] = {
        "mm": (MATRIX, tensor(32, 8)),
        "bmm": (left, right),
        "_int_mm": (tensor(16, 32, dtype="int8"), tensor(32, 8, dtype="int8")),
        "_scaled_mm": (tensor(16, 32, dtype="float8_e4m3fn"), tensor(32, 8, dtype="float8_e4m3fn")),
        "mv": (MATRIX, tensor(32)),
        "dot": (tensor(32), tensor(32)),
        "vdot": (tensor(32), tensor(32)),
        "_addmm_activation": (tensor(8), MATRIX, tensor(32, 8), 1, 1, True),
    }
    for suffix in ("", "_"):
        calls[f"addmm{suffix}"] = (tensor(16, 8), MATRIX, tensor(32, 8), 1, 1)
        calls[f"addmv{suffix}"] = (tensor(16), MATRIX, tensor(32), 1, 1)
        calls[f"baddbmm{suffix}"] = (tensor(3, 16, 8), left, right, 1, 1)
    return calls


def _attention() -> dict[str, Inputs]:
    three = (QUERY, QUERY, QUERY)
    rows = tensor(2, 4, 256)
    tokens_first = (tensor(2, 256, 4, 64, dtype="float16"),) * 3
    bias = tensor(2, 4, 256, 256, dtype="float16")
    return {
        "scaled_dot_product_attention": (*three, bias, 0.0, False),
        "_scaled_dot_product_flash_attention": (*three, 0.0, True, False),
        "_scaled_dot_product_flash_attention_for_cpu": (*three, 0.0, False, None),
        "_scaled_dot_product_efficient_attention": (*three, None, True, 0.0, False),
        "_scaled_dot_product_cudnn_attention": (*three, None, True, 0.0, False, False),
        "_scaled_dot_product_fused_attention_overrideable": (*three, None, 0.0, False, False),
        "_flash_attention_forward": (*tokens_first, None, None, 256, 256, 0.0, False, False),
        "_efficient_attention_forward": (*tokens_first, None, None, None, None, None, 0.0, 0),
        "_scaled_dot_product_flash_attention_backward": (QUERY, *three, QUERY, rows, None, None, 256, 256, 0.0, True),
        "_scaled_dot_product_flash_attention_for_cpu_backward": (QUERY, *three, QUERY, rows, 0.0, False, None),
        "_scaled_dot_product_efficient_attention_backward": (QUERY, *three, bias, QUERY, rows),
        "_scaled_dot_product_cudnn_attention_backward": (QUERY, *three, QUERY, rows),
        "_flash_attention_backward": (tokens_first[0], *tokens_first, tokens_first[0], rows),
        "_efficient_attention_backward": (tokens_first[0], *tokens_first, None, tokens_first[0]),
    }


def _recurrent() -> dict[str, Inputs]:
    source, state, output = tensor(6, 5, 16), tensor(2, 6, 8), tensor(6, 5, 16)
    weights = (tensor(32, 16), tensor(32, 8), tensor(32), tensor(32)) * 2
    settings = (2, 8, 0, 1, True, 0.0, True, True, (), None)
    return {
        "_cudnn_rnn": (source, weights, 4, None, state, state, *settings),
        "_cudnn_rnn_backward": (
            source,
            weights,
            4,
            tensor(512),
            state,
            state,
            output,
            output,
            None,
            None,
            *settings,
            tensor(9),
            (True, False, False, True),
        ),
    }


def _norms() -> dict[str, Inputs]:
    four = (CHANNELS,) * 4
    rows, width = tensor(16, 1), tensor(32)
    forward = (IMAGE, *four, True, 0.1, 1e-5)
    backward = (IMAGE, IMAGE, CHANNELS, *four, True, 1e-5, (True, True, True))
    return {
        **{f"{library}_batch_norm": forward for library in ("native", "cudnn", "miopen")},
        "_native_batch_norm_legit": forward,
        "_native_batch_norm_legit_no_training": (IMAGE, *four, 0.1, 1e-5),
        "_batch_norm_with_update": (IMAGE, *four, 0.1, 1e-5),
        "_batch_norm_with_update_functional": (IMAGE, *four, 0.1, 1e-5),
        "_batch_norm_no_update": (IMAGE, *four, 0.1, 1e-5),
        "native_batch_norm_backward": backward,
        "batch_norm_backward": backward,
        "cudnn_batch_norm_backward": (IMAGE, IMAGE, CHANNELS, *four, 1e-5),
        "miopen_batch_norm_backward": (IMAGE, IMAGE, CHANNELS, *four, 1e-5),
        "native_layer_norm": (MATRIX, (32,), width, width, 1e-5),
        "native_layer_norm_backward": (MATRIX, MATRIX, (32,), rows, rows, width, width, (True, True, True)),
        "rms_norm": (MATRIX, (32,), width, 1e-5),
        "_fused_rms_norm": (MATRIX, (32,), width, 1e-5),
        "_fused_rms_norm_backward": (MATRIX, MATRIX, (32,), rows, width, (True, True)),
        "native_group_norm": (IMAGE, CHANNELS, CHANNELS, 4, 8, 144, 2, 1e-5),
        "native_group_norm_backward": (
            IMAGE,
            IMAGE,
            tensor(4, 2),
            tensor(4, 2),
            CHANNELS,
            4,
            8,
            144,
            2,
            (True, True, True),
        ),
    }


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
    scans = "cumsum cumprod logcumsumexp cumsum_ sort argsort median"
    target = tensor(16, dtype="int64")
    return {
        **dict.fromkeys(each.split(), (MATRIX,)),
        **dict.fromkeys(scans.split(), (MATRIX, 1)),
        "linalg_vector_norm": (MATRIX, 2, (1,), False, None),
        "norm": (MATRIX, 2),
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


def _pools() -> dict[str, Inputs]:
    pooled = tensor(4, 8, 6, 6)
    indices = tensor(4, 8, 6, 6, dtype="int64")
    calls: dict[str, Inputs] = {
        "max_pool2d_with_indices": (IMAGE, *POOL, (1, 1), False),
        "max_pool2d_with_indices_backward": (pooled, IMAGE, *POOL, (1, 1), False, indices),
        "max_pool3d_with_indices": (VOLUME, (2,) * 3, (2,) * 3, (0,) * 3, (1,) * 3, False),
        "max_pool3d_with_indices_backward": (
            tensor(2, 8, 3, 3, 3),
            VOLUME,
            (2,) * 3,
            (2,) * 3,
            (0,) * 3,
            (1,) * 3,
            False,
        ),
        "avg_pool1d": (tensor(4, 8, 12), (2,), (2,), (0,)),
        "avg_pool2d": (IMAGE, *POOL),
        "avg_pool3d": (VOLUME, (2,) * 3, (2,) * 3),
        "avg_pool2d_backward": (pooled, IMAGE, *POOL),
        "avg_pool3d_backward": (tensor(2, 8, 3, 3, 3), VOLUME, (2,) * 3, (2,) * 3),
        "mkldnn_adaptive_avg_pool2d": (IMAGE, (3, 3)),
        "grid_sampler_2d": (IMAGE, tensor(4, 6, 6, 2), 0, 0, False),
        "cudnn_grid_sampler": (IMAGE, tensor(4, 6, 6, 2)),
        "im2col": (IMAGE, (3, 3), (1, 1), (1, 1), (1, 1)),
        "col2im": (tensor(4, 72, 144), (12, 12), (3, 3), (1, 1), (1, 1), (1, 1)),
    }
    for rank, source, small in ((2, IMAGE, tensor(4, 8, 3, 3)), (3, VOLUME, tensor(2, 8, 3, 3, 3))):
        places = tensor(*small.shape, dtype="int64")
        calls[f"_adaptive_avg_pool{rank}d"] = calls[f"adaptive_max_pool{rank}d"] = (source, (3,) * rank)
        calls[f"_adaptive_avg_pool{rank}d_backward"] = (small, source)
        calls[f"adaptive_max_pool{rank}d_backward"] = (small, source, places)
    sources = {1: tensor(4, 8, 12), 2: IMAGE, 3: VOLUME}
    for name, (_, rank) in resampling._FORWARD.items():
        source = sources[rank]
        larger = tuple(2 * size for size in source.shape[-rank:])
        short = name.removeprefix("aten::")
        calls[short] = (source, larger, None)
        calls[f"{short}_backward"] = (tensor(*source.shape[:-rank], *larger), larger, source.shape, None)
    return calls


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
        "index_select": (MATRIX, 0, INDICES),
        "gather": (MATRIX, 0, tensor(6, 32, dtype="int64"), False),
        "take": (MATRIX, INDICES),
        "take_along_dim": (MATRIX, tensor(6, 32, dtype="int64"), 0),
        "index_put": (MATRIX, (INDICES,), tensor(6, 32), True),
        "index_put_": (MATRIX, (INDICES,), tensor(6, 32), False),
        "_index_put_impl_": (MATRIX, (INDICES,), tensor(), False, False),
        "masked_select": (MATRIX, tensor(16, 32, dtype="bool")),
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
    f"aten::{name}": inputs
    for family in (
        _pointwise,
        _convolutions,
        _matrix_products,
        _attention,
        _recurrent,
        _norms,
        _activations,
        _reductions,
        _pools,
        _layouts,
        _optimizers,
    )
    for name, inputs in family().items()
}
