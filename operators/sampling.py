"""Operators that read an image at positions that were computed: boxes' pools, deformable convolutions, grid sampling.

Bilinear sampling reads 4 neighbours and takes 4 multiply-adds. Where a sample lies is data, so an image is taken to be
read once from DRAM. Source: torchvision/csrc/ops/cuda (roi_align_kernel.cu, deform_conv2d_kernel.cu, nms_kernel.cu),
ATen/native/cuda/GridSampler.cu.
"""

from __future__ import annotations

from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators.matmul import multiply
from memprof.operators.registry import formula
from memprof.operators.traffic import fill, make_work
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import dense, element_bytes, elements, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

_NEIGHBOURS, _VOXELS, _FLOPS = 4, 8, 2
"""Places that a sample reads in an image, and in a volume; floating-point operations for each."""
_SAMPLES = 2
"""Samples a side of a bin where the box decides (sampling_ratio <= 0): what detectors set outright."""
_IOU_FLOPS = 13
"""Of one pair of boxes: 4 extrema, 2 differences and 2 clamps, a product, 2 sums, a division, a comparison."""
_ASSUMED = f"{_SAMPLES} samples a side of each bin, where the boxes decide"


def _gather(
    step: str,
    image: TensorSpec,
    positions: tuple[TensorSpec, ...],
    result: TensorSpec,
    samples: int,
    assumed: str = "",
    neighbours: int = _NEIGHBOURS,
) -> Work:
    """Build the Work of reading `samples` places of `image` for the elements of `result`."""
    position_bytes = sum(map(stored_bytes, positions))
    return make_work(
        step,
        image.dtype,
        dram=Traffic(stored_bytes(image) + position_bytes, stored_bytes(result)),
        l1=Traffic(samples * neighbours * element_bytes(image.dtype) + position_bytes, stored_bytes(result)),
        vector_flops=samples * neighbours * _FLOPS,
        blocks=ceil(elements(result) / 512),
        assumed=assumed,
    )


def _scatter(
    step: str,
    grad: TensorSpec,
    positions: tuple[TensorSpec, ...],
    image: TensorSpec,
    samples: int,
    neighbours: int = _NEIGHBOURS,
) -> Work:
    """Build the Work of adding each of `samples` gradients to the `neighbours` places of the image's."""
    position_bytes = sum(map(stored_bytes, positions))
    image_bytes = stored_bytes(image)
    added = samples * neighbours * element_bytes(image.dtype)
    return make_work(
        step,
        grad.dtype,
        dram=Traffic(stored_bytes(grad) + position_bytes + image_bytes, image_bytes),
        l2=Traffic(stored_bytes(grad) + position_bytes + added, added),
        vector_flops=samples * neighbours * _FLOPS,
        blocks=ceil(samples / 512),
    )


def _samples(ratio: object) -> tuple[int, str]:
    return (ratio**2, "") if isinstance(ratio, int) and ratio > 0 else (_SAMPLES**2, _ASSUMED)


@formula("torchvision::roi_align", kind=Kind.POOLING)
def cost_roi_align(call: OperatorCall) -> tuple[Work, ...]:
    """Cost roi_align(x, boxes, scale, height, width, ratio, aligned): ratio^2 bilinear samples for each output."""
    source, boxes = call.tensor(0), call.tensor(1)
    height, width = _whole(call, 3), _whole(call, 4)
    output = dense((boxes.shape[0], source.shape[1], height, width), source.dtype)
    each, assumed = _samples(call.argument(5))
    return (_gather("forward", source, (boxes,), output, each * elements(output), assumed),)


@formula("torchvision::_roi_align_backward", kind=Kind.POOLING)
def cost_roi_align_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost _roi_align_backward(dy, boxes, scale, height, width, *shape, ratio, aligned): zeros, then additions."""
    grad, boxes = call.tensor(0), call.tensor(1)
    image = dense(tuple(_whole(call, place) for place in range(5, 9)), grad.dtype)
    each, _ = _samples(call.argument(9))
    return (fill("fill", image), _scatter("data gradient", grad, (boxes,), image, each * elements(grad)))


@formula("torchvision::nms", kind=Kind.REDUCTION)
def cost_nms(call: OperatorCall) -> tuple[Work, ...]:
    """Cost nms(boxes, scores, threshold): a bit for every pair of boxes, then one block goes through the rows."""
    boxes, scores = call.tensor(0), call.tensor(1)
    count = boxes.shape[0]
    words = count * ceil(count / 64)
    pairs = make_work(
        "pairs",
        boxes.dtype,
        dram=Traffic(stored_bytes(boxes), 8 * words),
        l1=Traffic(stored_bytes(boxes) * ceil(count / 64), 8 * words),
        vector_flops=_IOU_FLOPS * count * (count + 1) / 2,
        blocks=ceil(count / 64) * (ceil(count / 64) + 1) / 2,
    )
    chosen = make_work(
        "choice",
        scores.dtype,
        dram=Traffic(8 * words + stored_bytes(scores), 8 * count),
        blocks=1,
        serial_steps=count,
    )
    return (pairs, chosen)


@formula("torchvision::deform_conv2d", kind=Kind.CONVOLUTION)
def cost_deform_conv2d(call: OperatorCall) -> tuple[Work, ...]:
    """Cost deform_conv2d(x, weight, offset, mask, bias, ...): sampled columns, then a product with the weight."""
    source, weight, positions, output = _deformable(call, 0)
    columns, product = _columns(source, weight, output)
    sampled = _gather("columns", source, positions, columns, elements(columns))
    return (sampled, multiply(*product))


@formula("torchvision::_deform_conv2d_backward", kind=Kind.CONVOLUTION)
def cost_deform_conv2d_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost its gradients: of the columns by a product, of image and offsets from those, of the weight by a product."""
    source, weight, positions, output = _deformable(call, 1)
    columns, (kernel, sampled) = _columns(source, weight, output)
    grad = dense((kernel.shape[0], kernel.shape[1], sampled.shape[2]), source.dtype)
    turned = dense((kernel.shape[0], kernel.shape[2], kernel.shape[1]), source.dtype)
    samples = elements(columns)
    return (
        multiply(turned, grad),
        _gather("offset gradient", source, (columns, *positions), positions[0], samples),
        fill("fill", source),
        _scatter("data gradient", columns, positions, source, samples),
        _gather("columns", source, positions, columns, samples),
        multiply(grad, dense((sampled.shape[0], sampled.shape[2], sampled.shape[1]), source.dtype)),
    )


def _deformable(
    call: OperatorCall, first: int
) -> tuple[TensorSpec, TensorSpec, tuple[TensorSpec, ...], tuple[int, ...]]:
    """Return image, weight, what says where to sample, and the output's shape, from the place `first` on."""
    source, weight, offset = (call.tensor(place) for place in range(first, first + 3))
    uses_mask = bool(call.argument(first + 13))
    positions = (offset, call.tensor(first + 3)) if uses_mask else (offset,)
    return source, weight, positions, (source.shape[0], weight.shape[0], *offset.shape[2:])


def _columns(
    source: TensorSpec, weight: TensorSpec, output: tuple[int, ...]
) -> tuple[TensorSpec, tuple[TensorSpec, TensorSpec]]:
    """Return the sampled columns, and the weight and the columns as matrices of each group."""
    taps, groups = prod(weight.shape[2:]), source.shape[1] // weight.shape[1]
    places = output[0] * prod(output[2:])
    columns = dense((source.shape[1] * taps, places), source.dtype)
    kernel = dense((groups, weight.shape[0] // groups, weight.shape[1] * taps), source.dtype)
    return columns, (kernel, dense((groups, weight.shape[1] * taps, places), source.dtype))


@formula("aten::grid_sampler_3d", kind=Kind.POOLING)
def cost_grid_sampler_3d(call: OperatorCall) -> tuple[Work, ...]:
    """Cost grid_sampler_3d(x, grid, ...): 8 places of the volume for each output."""
    source, grid = call.tensor(0), call.tensor(1)
    output = dense((*source.shape[:2], *grid.shape[1:4]), source.dtype)
    return (_gather("forward", source, (grid,), output, elements(output), neighbours=_VOXELS),)


@formula("aten::grid_sampler_2d_backward", "aten::grid_sampler_3d_backward", kind=Kind.POOLING)
def cost_grid_sampler_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost grid_sampler_2d_backward(dy, x, grid, ...): zeros, added to, and the grid's gradient."""
    grad, source, grid = call.tensor(0), call.tensor(1), call.tensor(2)
    neighbours = _VOXELS if "3d" in call.name else _NEIGHBOURS
    image, place = dense(source.shape, source.dtype), dense(grid.shape, grid.dtype)
    return (
        fill("fill", image),
        _scatter("data gradient", grad, (grid,), image, elements(grad), neighbours),
        _gather("grid gradient", source, (grad, grid), place, elements(grad), neighbours=neighbours),
    )


def _whole(call: OperatorCall, place: int) -> int:
    value = call.argument(place)
    if not isinstance(value, int):
        raise LookupError(f"{call.name}: a size was not recorded")
    return value
