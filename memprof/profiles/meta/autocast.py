"""What CUDA does between the Python call and the dispatcher: autocast, and the choice of fused kernels.

torch.autocast refuses the meta device, so its published lists are applied here, above autograd, so that casts have
gradients as in a real run. Source of the lists: PyTorch's Automatic Mixed Precision documentation, "CUDA Ops that can
autocast to float16", "... to float32" and "... to the widest input type", and the macros AT_FORALL_LOWER_PRECISION_FP,
AT_FORALL_FP32, AT_FORALL_FP32_SET_OPT_DTYPE and AT_FORALL_PROMOTE of ATen/autocast_mode.h; a test holds them against
the operators for which torch has registered an autocast kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from types import FunctionType
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from memprof.profiles.meta.attention import attention
from memprof.profiles.meta.autocast_region import SIMULATED
from memprof.profiles.meta.known_values import KnownValues
from memprof.profiles.meta.mode import ValueRead
from memprof.profiles.meta.recurrent import is_fused, recurrent

_LOWER_PRECISION_TEXT = """
conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d convolution linear matmul __matmul__
__rmatmul__ mm bmm addmm addbmm baddbmm addmv addr mv chain_matmul linalg_multi_dot linalg_vecdot einsum prelu lstm_cell
gru_cell rnn_tanh_cell rnn_relu_cell scaled_dot_product_attention
"""
_FLOAT32_TEXT = """
acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan pow __pow__ __rpow__ __rdiv__
__rtruediv__ softplus layer_norm native_layer_norm group_norm rms_norm cosine_similarity poisson_nll_loss
cosine_embedding_loss nll_loss nll_loss_nd cross_entropy_loss hinge_embedding_loss kl_div l1_loss smooth_l1_loss
huber_loss mse_loss margin_ranking_loss multilabel_margin_loss soft_margin_loss triplet_margin_loss multi_margin_loss
binary_cross_entropy_with_logits dist pdist cdist renorm logsumexp prod softmax log_softmax cumprod cumsum norm sum
frobenius_norm nuclear_norm linalg_vector_norm linalg_matrix_norm nll_loss2d
upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d
_upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d _upsample_bilinear2d_aa upsample_trilinear3d
upsample_bicubic2d _upsample_bicubic2d_aa
"""
_WIDEST_TEXT = "addcdiv addcmul atan2 bilinear cross dot grid_sampler index_put scatter_add tensordot vdot"

LOWER_PRECISION = frozenset(_LOWER_PRECISION_TEXT.split())
FLOAT32 = frozenset(_FLOAT32_TEXT.split())
WIDEST = frozenset(_WIDEST_TEXT.split())

_FUSED_CAST = {"softmax": torch.ops.aten._softmax, "log_softmax": torch.ops.aten._log_softmax}
"""Operators whose CUDA kernel reads float16 and writes float32 in one pass."""

_OF_PYTHON = frozenset({"tensor", "as_tensor", "from_numpy"})
_TO_PYTHON = frozenset({"tolist", "numpy", "__array__"})
"""Functions that make tensors of Python's numbers, or the other way round."""
_CROSSING = _OF_PYTHON | _TO_PYTHON | {"_pack_padded_sequence"}

_REDUCTIONS = frozenset({"sum", "prod"})
"""Reductions whose CUDA kernel reads half precision and accumulates into float32 (ATen ReduceOpsUtils.h)."""

_OPTIONAL_DTYPE = frozenset({*_FUSED_CAST, *_REDUCTIONS, "cumsum", "cumprod"})
"""Operators that take a `dtype`; autocast leaves a call alone where the caller gave one."""


def _simulated(value: Any) -> Any:
    """Return the simulated device where a network names CUDA outright."""
    if isinstance(value, torch.device) or (isinstance(value, str) and value.startswith("cuda")):
        return torch.device("meta") if torch.device(value).type == "cuda" else value
    return value


def _simulated_device(
    name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Return the call with the simulated device in place of CUDA."""
    if name in ("cuda", "pin_memory") and args and isinstance(args[0], Tensor):
        return (lambda tensor: tensor), args[:1], {}
    return func, tuple(map(_simulated, args)), {key: _simulated(value) for key, value in kwargs.items()}


class CudaFrontEnd(TorchFunctionMode):
    """While entered, calls act as under CUDA: attention and recurrent layers are fused, `autocast` casts arguments.

    `autocast` is the lower precision, None for no autocast. A parameter is cast once (the weight cache of autocast).
    `values` are those known without data, which tensors made of Python numbers add to.
    """

    def __init__(self, autocast: torch.dtype | None, values: KnownValues | None = None) -> None:
        super().__init__()
        self.autocast = autocast
        self._values = values or KnownValues()
        self._weights: dict[int, tuple[Tensor, Tensor]] = {}

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if _has_override_check(func):
            with self:
                return _without_override_check(func)(*args, **kwargs)
        name = getattr(func, "__name__", "")
        func, args, kwargs = _simulated_device(name, func, args, kwargs)
        if name in _CROSSING:
            return self._cross_into_python(name, func, args, kwargs)
        if self.autocast is not None and not (name in _OPTIONAL_DTYPE and kwargs.get("dtype") is not None):
            if args and _is_half(args[0]):
                if name in _FUSED_CAST and args[0].dtype == torch.float16:
                    return _softmax(name, *args, **kwargs)
                if name == "cross_entropy_loss" and args[0].dtype == torch.float16 and _is_plain_loss(*args, **kwargs):
                    return _cross_entropy(*args, **kwargs)
                if name in _REDUCTIONS:
                    return func(*args, **kwargs, dtype=torch.float32)
            args, kwargs = self._cast(name, args, kwargs)
        if name == "scaled_dot_product_attention":
            return attention(*args, **kwargs)
        if not kwargs and is_fused(name, args):
            return recurrent(name, self.autocast, *args)
        return func(*args, **kwargs)

    def _pack(self, data: Tensor, lengths: Tensor, *options: Any) -> Any:
        """Pack sequences: of lengths that are not known all are taken to be full."""
        values = self._values.get(lengths) if lengths.is_meta else lengths
        if values is None:
            longest = data.shape[1 if options and options[0] else 0]
            values = torch.full(lengths.shape, longest, dtype=torch.int64, device="cpu")
        return torch._VF._pack_padded_sequence(data, values, *options)

    def _cross_into_python(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a tensor of Python numbers, or numbers of a tensor: past the dispatcher, so past its modes."""
        if name == "_pack_padded_sequence":
            return self._pack(*args, **kwargs)
        if name in _TO_PYTHON:
            values = self._values.get(args[0])
            if values is None and args[0].is_meta:
                raise ValueRead(f".{name}() reads values")
            return func(args[0] if values is None else values, *args[1:], **kwargs)
        if isinstance(args[0] if args else kwargs.get("data"), Tensor):
            return func(*args, **kwargs)
        device = kwargs.get("device")
        with torch.device("cpu"):
            real: Tensor = func(*args, **{key: value for key, value in kwargs.items() if key != "device"})
        wanted = torch.get_default_device() if device is None else torch.device(device)
        if wanted.type not in SIMULATED:
            return real
        made = torch.empty_strided(real.shape, real.stride(), dtype=real.dtype, device="meta")
        self._values.remember(made, real.detach())
        return made.requires_grad_(real.requires_grad) if real.requires_grad else made

    def _cast(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if name in LOWER_PRECISION:
            dtype = self.autocast
        elif name in FLOAT32:
            dtype = torch.float32
        elif name in WIDEST:
            dtype = _widest((*args, *kwargs.values()))
        else:
            return args, kwargs
        return self._convert(args, dtype), {key: self._convert(value, dtype) for key, value in kwargs.items()}

    def _convert(self, value: Any, dtype: torch.dtype | None) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(self._convert(item, dtype) for item in value)
        is_castable = isinstance(value, Tensor) and value.is_floating_point() and value.dtype != torch.float64
        if not is_castable or value.dtype == dtype:
            return value
        is_weight = value.is_leaf and value.requires_grad and value.dtype == torch.float32 and not value._is_view()
        if not is_weight or dtype != self.autocast:
            return value.to(dtype)
        if id(value) not in self._weights:
            self._weights[id(value)] = value, value.to(dtype)
        return self._weights[id(value)][1]


def _is_half(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16)


def _softmax(name: str, input: Tensor, dim: int | None = None, *unused: object, **named: Any) -> Tensor:
    return _FUSED_CAST[name](input, named["dim"] if dim is None else dim, True)  # type: ignore[no-any-return]


def _is_plain_loss(input: Tensor, target: Tensor, *options: Any, **named: Any) -> bool:
    """Tell whether a cross-entropy is log-softmax and the pick of one class: no label smoothing, no probabilities."""
    smoothing = options[3] if len(options) > 3 else named.get("label_smoothing", 0.0)
    return not target.is_floating_point() and smoothing == 0.0


def _cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy as autocast sees it: its log-softmax is cast inside the kernel, its loss reads float32."""
    logarithms = torch.ops.aten._log_softmax(input, min(input.dim() - 1, 1), True)
    # torch's stub takes the number for a word.
    loss: Tensor = torch._C._nn.nll_loss_nd(logarithms, target, weight, reduction, ignore_index)  # type: ignore[arg-type]
    return loss


def _widest(args: Iterable[Any]) -> torch.dtype | None:
    """Return float32 where any tensor has it, None (nothing to cast) where all are of one type."""
    dtypes: set[torch.dtype] = set()
    for value in args:
        items = value if isinstance(value, (tuple, list)) else (value,)
        dtypes |= {item.dtype for item in items if isinstance(item, Tensor) and item.is_floating_point()}
    return torch.float32 if torch.float32 in dtypes else next(iter(dtypes), None)


_PYTHON_FUNCTIONS = frozenset({"torch.nn.functional", "torch.functional"})
"""Modules of functions written in Python over operators. Tensor's own methods are not among them: they end in a wrapper
of the C++ method (`super().unflatten`), which would ask the mode again, without end."""


def _has_override_check(function: Any) -> bool:
    return (
        isinstance(function, FunctionType)
        and function.__module__ in _PYTHON_FUNCTIONS
        and bool(_override_checks(function))
    )


@cache
def _without_override_check(function: FunctionType) -> Callable[..., Any]:
    """Return a Python-level torch function without the check that hands it to modes.

    A mode is off while it handles a call; without the check the body can run with the mode on, so that the operators
    inside are seen (linear layers and attention inside multi_head_attention_forward).
    """
    never = dict.fromkeys(_override_checks(function), _wants_no_call)
    body = FunctionType(
        function.__code__,
        {**function.__globals__, **never},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    body.__kwdefaults__ = function.__kwdefaults__
    return body


def _override_checks(function: FunctionType) -> list[str]:
    """Return the global names by which a Python-level torch function checks whether a mode wants the call."""
    return [
        name
        for name in function.__code__.co_names
        if name.startswith("has_torch_function") and name in function.__globals__
    ]


def _wants_no_call(*tensors: object) -> bool:
    return False
