"""Operators that cost nothing: views, allocation, metadata; and those that cost only what is nested inside them.

A view makes a tensor over the same memory. An operator that may copy (`aten::reshape`, `aten::contiguous`,
`aten::to`) is no view but a composite: a profile shows the copy inside it where there is one. `aten::linear`,
`aten::matmul` and their like are neither: without anything inside they would have to be counted, so they stay
unknown then.
"""

from __future__ import annotations

from memprof.operators.registry import declare_composite, declare_free


def _aten(names: str) -> list[str]:
    return [f"aten::{name}" for name in names.split()]


VIEWS = """
    alias as_strided as_strided_ adjoint chunk conj detach detach_ diagonal expand expand_as imag lift
    lift_fresh movedim moveaxis mT mH matrix_H narrow numpy_T permute positive real resolve_conj resolve_neg _conj
    _neg_view select slice split split_with_sizes squeeze squeeze_ swapaxes swapdims swapaxes_ swapdims_ t t_
    tensor_split transpose transpose_ unbind unflatten unfold unsafe_chunk unsafe_split unsafe_split_with_sizes
    unsqueeze unsqueeze_ view view_as view_as_real view_as_complex _unsafe_view _reshape_alias broadcast_to
    broadcast_tensors hsplit vsplit dsplit
"""

ALLOCATION_AND_METADATA = """
    empty empty_like empty_strided empty_permuted new_empty new_empty_strided resize_ resize_as_ set_
    _efficientzerotensor result_type can_cast promote_types size stride dim sym_size sym_stride sym_numel
    sym_storage_offset is_floating_point is_complex is_conj is_neg is_nonzero is_pinned is_same_size is_set_to
    _is_zerotensor output_nr retain_grad requires_grad_ set_data _version record_stream
    _has_compatible_shallow_copy_type _debug_has_internal_overlap _assert_async _assert_tensor_metadata
    cudnn_is_acceptable _linalg_check_errors
"""

SYNCHRONISATION = "item _local_scalar_dense"
"""One number goes to the host; the wait for it is the host's time, not the device's traffic."""

COMPOSITES = """
    reshape reshape_as flatten ravel contiguous to type_as _autocast_to_full_precision
    _autocast_to_reduced_precision dropout dropout_ feature_dropout feature_dropout_ alpha_dropout alpha_dropout_
    meshgrid atleast_1d atleast_2d atleast_3d zeros zeros_like ones ones_like full full_like new_zeros new_ones new_full
    scalar_tensor pad repeat tile
"""

declare_free(*_aten(VIEWS), *_aten(ALLOCATION_AND_METADATA), *_aten(SYNCHRONISATION), "torchvision::_cuda_version")
declare_composite(*_aten(COMPOSITES))
