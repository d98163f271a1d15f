"""What a trace was a trace of, as far as its operators tell: batch, resolution, phase, precision, layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from memprof.report.record import Workload
from memprof.roofline.points import CostedCall
from memprof.tensors.shapes import is_channels_last
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import CHANNELS_FIRST, CHANNELS_LAST, INFER, TRAIN, Kind, Phase

_MATRIX_KINDS = frozenset({Kind.CONVOLUTION, Kind.MATMUL, Kind.ATTENTION})
_CONVOLUTIONS = frozenset({Kind.CONVOLUTION, Kind.DEPTHWISE})
_HALF = {"float16": "fp16", "bfloat16": "bf16"}
_FLOAT32 = "float32"
_TF32_KERNEL = re.compile(r"tf32|tensorop_s1688")
"""Kernels that round float32 to TF32: cuDNN's, cuBLAS' and CUTLASS' names ("sm80_xmma_gemm_f32f32_tf32f32_f32_...",
"cutlass_80_tensorop_s1688gemm_..."); s1688 alone may be half precision."""
_FP32_KERNEL = re.compile(r"(?<![a-z])sgemm|simt|scudnn|ffma|gemmSN_")
"""Kernels that multiply float32 on CUDA cores: "ampere_sgemm_128x64_tn", "cutlass_80_simt_sgemm_...",
"volta_scudnn_128x64_relu_...", "implicit_convolve_sgemm<float, ...>", cuBLAS' "gemmSN_TN_kernel<float, ...>"."""
_IMAGE_CHANNELS = (1, 3, 4)
_BATCHED_RANK = 3
"""Tensors of fewer dimensions have batch and positions in one."""


def workload_of(name: str, costed: Sequence[CostedCall], precisions: Sequence[str], steps: int) -> Workload:
    """Return the workload of a trace called `name`, which ran `steps` steps on a device that has `precisions`."""
    calls = [item.call for item in costed]
    image = _image(costed)
    return Workload(
        model=name,
        batch_size=image.shape[0] if image is not None else _batch(costed),
        resolution=image.shape[-1] if image is not None else None,
        phase=TRAIN if any(call.phase is Phase.BACKWARD for call in calls) else INFER,
        precision=precision_of(costed, precisions),
        layout=_layout(costed),
    )


def unknown_workload(name: str) -> Workload:
    """Return the workload of a trace called `name` that has no operators to tell what it was."""
    return Workload(name, batch_size=0, resolution=None, phase="", precision="", layout="")


def precision_of(costed: Sequence[CostedCall], precisions: Sequence[str]) -> str:
    """Return the precision policy that the matrix operators' dtypes and the names of their kernels show.

    A dtype of float32 does not tell whether tensor cores rounded it to TF32; the kernel's name does, for each call of
    its own (`is_on_cuda_cores`): tf32 here means that some did. Half precision beside float32 elsewhere is autocast's
    doing.
    """
    dtype = _matrix_dtype(costed)
    if dtype in _HALF:
        mixed = any(tensor.dtype == "float32" for item in costed for tensor in item.call.tensors()[:1] if item.works)
        wanted = f"amp-{_HALF[dtype]}" if mixed else _HALF[dtype]
    else:
        names = (kernel.name for item in costed if item.kind in _MATRIX_KINDS for kernel in item.call.kernels)
        wanted = "tf32" if any(_TF32_KERNEL.search(name) for name in names) else "fp32"
    return wanted if wanted in precisions else "fp32"


def is_on_cuda_cores(item: CostedCall) -> bool:
    """Return whether the kernels' names say that CUDA cores did a call's float32 matrix work, and none the contrary."""
    tensors = item.call.tensors()
    if item.kind not in _MATRIX_KINDS or not tensors or tensors[0].dtype != _FLOAT32:
        return False
    names = [kernel.name for kernel in item.call.kernels]
    return any(map(_FP32_KERNEL.search, names)) and not any(map(_TF32_KERNEL.search, names))


def _matrix_dtype(costed: Sequence[CostedCall]) -> str:
    """Return the dtype in which the matrix operators spend most of their time; float32 where there are none."""
    weights: Counter[str] = Counter()
    for item in costed:
        tensors = item.call.tensors()
        if item.kind in _MATRIX_KINDS and tensors:
            weights[tensors[0].dtype] += 1 + sum(kernel.duration_ns for kernel in item.call.kernels)
    return weights.most_common(1)[0][0] if weights else "float32"


def _image(costed: Sequence[CostedCall]) -> TensorSpec | None:
    """Return the first input of a convolution that looks like images."""
    for item in costed:
        if item.kind in _CONVOLUTIONS:
            first = item.call.tensors()[0]
            is_image = len(first.shape) == 4 and first.shape[1] in _IMAGE_CHANNELS and first.shape[2] == first.shape[3]
            return first if is_image else None
    return None


def _batch(costed: Sequence[CostedCall]) -> int:
    shapes = [tensor.shape for item in costed if item.works for tensor in item.call.tensors()[:1]]
    batched = [shape for shape in shapes if len(shape) >= _BATCHED_RANK] or [shape for shape in shapes if shape]
    return batched[0][0] if batched and batched[0][0] else 1


def _layout(costed: Sequence[CostedCall]) -> str:
    inputs = [item.call.tensors()[0] for item in costed if item.kind in _CONVOLUTIONS]
    last = sum(is_channels_last(tensor) for tensor in inputs)
    return CHANNELS_LAST if last > len(inputs) / 2 else CHANNELS_FIRST
