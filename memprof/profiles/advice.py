"""What to do about a network that does not run on the meta device, by what it raised."""

from __future__ import annotations

import re

from memprof.profiles.meta.mode import ValueRead

_MISSING = re.compile(r"Could not run '([\w.:]+)' with arguments from the 'Meta' backend")
"""PyTorch's words for an operator without a shape rule (c10/core/DispatchKey, c10/core/dispatch/OperatorEntry.cpp)."""
_NO_FAKE = re.compile(r"no fake impl registered for <CustomOpDef\(([\w:]+)\)>")
_NO_RULE = re.compile(
    r"(?:operator\s+|Operator )?([A-Za-z_]\w*::\w+)\S*.{0,80}(?:no fake impl|Meta tensors|meta kernel)"
)
_CHANNELS = re.compile(r"(?:to have|a convolution of) (\d+) channels,? (?:but got|was given an input of) (\d+)")
_NO_TENSOR = re.compile(r"(?:got \(|not |')(dict|list|tuple)(?:\b(?!,? but)|' object)")
"""What a layer says that was given one in place of its first tensor."""
_QUANTISED = ("quantized", "quantized_decomposed", "_quantized")
ELSEWHERE = "run it for real (memprof measure), or analyse the part before it"

_KNOWN = {
    "quantized::": f"quantised layers need real data: analyse the model before it was quantised, or {ELSEWHERE}",
    **dict.fromkeys(
        ("view size is not compatible", "last dimension with stride 1"),
        "a view needs tensors in rows, and they are channels-last: choose the layout channels-first",
    ),
    "FlexAttention is only": f"give the model scaled_dot_product_attention instead, which takes a mask, or {ELSEWHERE}",
    "NestedTensorImpl": f"a nested tensor's shapes are data: give one padded to the longest instead, or {ELSEWHERE}",
    "SparseTensorImpl": f"a sparse tensor's size is data: give a dense one, or index_add, instead, or {ELSEWHERE}",
    **dict.fromkeys(
        ("NVIDIA driver", "CUDA"), "leave the device out, or take that of an input: nothing runs on a GPU here"
    ),
}
"""Words of PyTorch's errors, and what to do; the first that are there count."""


def advise(error: BaseException, given: str, own: bool) -> str:
    """Return what to do about `error`, raised for the inputs `given`; `own` where a user gave them."""
    if (
        isinstance(error, ValueRead)
        or "data-dependent" in str(error)
        or "out of meta tensor" in str(error)
        or "DynamicOutputShape" in type(error).__name__
    ):
        return (
            "a simulated run has no data: give what it would read from them as an input (proposals, a length), "
            f"{ELSEWHERE}"
        )
    match = _MISSING.search(str(error)) or _NO_FAKE.search(str(error)) or _NO_RULE.search(" ".join(str(error).split()))
    if match:
        name = match[1].replace(".", "::") if "::" not in match[1] else match[1]
        if name.startswith(_QUANTISED):
            return f"{name} needs real data: analyse the model before it was quantised, or {ELSEWHERE}"
        return (
            f"say what {name} returns with torch.library.register_fake({name!r}), and what it costs with "
            f"memprof.register({name!r}, ...)"
        )
    for words, remedy in _KNOWN.items():
        if words in str(error):
            return remedy
    if "more than 1 value per channel" in str(error):
        return f"it was given {given}: batch norm trains on no single value, so take a larger batch"
    match = _CHANNELS.search(str(error))
    if match:
        return f"it was given {given}: give inputs of its own, with {match[1]} channel{'' if match[1] == '1' else 's'}"
    match = _NO_TENSOR.search(str(error)) if own else None
    if match:
        apart = ", or by name as kwargs=" if match[1] == "dict" else ""
        return f"it was given {given}: a layer of it takes a tensor, not a {match[1]}; give its tensors apart{apart}"
    if own:
        return f"it was given {given}: check that its layers fit"
    return f"it was given images {given}; give others, or inputs of its own"
