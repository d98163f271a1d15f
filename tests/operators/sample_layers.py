"""A sample call of every operator of a network's layers that has a formula."""

from __future__ import annotations

from memprof.operators import convolution_shapes, resampling
from tests.operators.building import convolution, convolution_backward, tensor
from tests.operators.sample_tensors import (
    CHANNELS,
    CONVOLVED,
    IMAGE,
    MATRIX,
    PLAIN,
    POOL,
    QUERY,
    VOLUME,
    WEIGHT,
    Inputs,
)


def convolutions() -> dict[str, Inputs]:
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
    mixed = tuple(tensor(2, 1, *window) for window in ((3, 3), (1, 11), (11, 1)))
    calls["memprof::inception_mixer"] = (IMAGE, mixed, (tensor(2), tensor(2), tensor(2)))
    calls["memprof::inception_mixer_backward"] = (IMAGE, IMAGE, mixed)
    return calls


def matrix_products() -> dict[str, Inputs]:
    left, right = tensor(3, 16, 32), tensor(3, 32, 8)
    calls: dict[str, Inputs] = {
        "mm": (MATRIX, tensor(32, 8)),
        "bmm": (left, right),
        "_grouped_mm": (MATRIX, tensor(4, 32, 8), tensor(4, dtype="int32")),
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


def attention() -> dict[str, Inputs]:
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


def recurrent() -> dict[str, Inputs]:
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


def norms() -> dict[str, Inputs]:
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


def sampled() -> dict[str, Inputs]:
    boxes, grid = tensor(5, 5), tensor(4, 12, 12, 2)
    spoken, words = tensor(50, 2, 32), tensor(2, 5, dtype="int64")
    points, pairs, places = tensor(2, 8, 16), tensor(2, 8, 8), tensor(2, 4, 4, 4, 3)
    offsets, options = tensor(4, 18, 12, 12), (1, 1, 1, 1, 1, 1, 1, 1, False)
    return {
        "grid_sampler_2d_backward": (IMAGE, IMAGE, grid, 0, 0, False, (True, True)),
        "grid_sampler_3d": (VOLUME, places, 0, 0, False),
        "grid_sampler_3d_backward": (tensor(*VOLUME.shape[:2], 4, 4, 4), VOLUME, places, 0, 0, False, (True, True)),
        "_ctc_loss": (spoken, words, words, words, 0, False),
        "_ctc_loss_backward": (tensor(2), spoken, words, words, words),
        "_cdist_forward": (points, points, 2.0, None),
        "_cdist_backward": (pairs, points, points, 2.0, pairs),
        "bucketize": (CHANNELS, CHANNELS),
        "searchsorted": (CHANNELS, CHANNELS),
        "torchvision::nms": (tensor(100, 4), tensor(100), 0.5),
        "torchvision::roi_align": (IMAGE, boxes, 0.25, 7, 7, 2, False),
        "torchvision::_roi_align_backward": (tensor(5, 8, 7, 7), boxes, 0.25, 7, 7, *IMAGE.shape, 2, False),
        "torchvision::deform_conv2d": (IMAGE, WEIGHT, offsets, offsets, CHANNELS, *options),
        "torchvision::_deform_conv2d_backward": (CONVOLVED, IMAGE, WEIGHT, offsets, offsets, CHANNELS, *options),
    }


def pools() -> dict[str, Inputs]:
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
