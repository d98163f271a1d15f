"""Kernel names as different tools write them: the same function, the same template arguments.

torch.profiler demangles as GNU does, Nsight Compute in its own way: `(int)4` for 4, `<unnamed>` for
(anonymous namespace), `[lambda(int) (instance 1)]` for {lambda(int)#1}, `T1` for a parameter's type, or, with
`--print-kernel-base function`, the bare name of the function. So parameters are left out, and of template arguments
the words and numbers are compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_ANONYMOUS = re.compile(r"(\(anonymous namespace\)|<unnamed>|\(anonymous\)|\{anonymous\})(::)?")
_INSTANCE = re.compile(r"\(instance (\d+)\)")
_CAST = re.compile(r"\([A-Za-z_][\w: ]*\)(?=-?\d)")
_PARAMETERS = re.compile(r"\([^()]*\)")
_TEMPLATE = re.compile(r"<[^<>]*>")
_SUFFIX = re.compile(r"\b(\d+)(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])\b")
_WORD = re.compile(r"[A-Za-z_]\w*|-?\d+")
_SAME = {"true": "1", "false": "0"}
_UNTOLD = frozenset({"const", "lambda", "operator", "void", "typename"})
"""Words that one tool writes and the other does not, or in another place."""
_MANGLED = re.compile(r"_Z(N[KVrRO]*)?(?=\d)")
_LENGTH = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class KernelName:
    """A kernel's function without its namespaces, and the words of its template arguments, none where not written."""

    function: str
    arguments: tuple[str, ...] = ()


@lru_cache(maxsize=16384)
def kernel_name(text: str) -> KernelName:
    """Read a kernel's name, demangled or mangled, with or without template arguments and parameters."""
    text = text.strip()
    if _MANGLED.match(text):
        return KernelName(_mangled_function(text))
    text = _CAST.sub("", _INSTANCE.sub(r"#\1", _ANONYMOUS.sub("", text)))
    text = _strip(_PARAMETERS, text)
    parts = _strip(_TEMPLATE, text).split("::")[-1].split()
    function = parts[-1] if parts else text
    inside = text[text.find("<") :] if "<" in text else ""
    words = (_SAME.get(word, word) for word in _WORD.findall(_SUFFIX.sub(r"\1", inside)))
    return KernelName(function, tuple(word for word in words if word not in _UNTOLD and word != function))


def _strip(pattern: re.Pattern[str], text: str) -> str:
    """Take out what matches, innermost first, until nothing does."""
    before = ""
    while before != text:
        before, text = text, pattern.sub("", text)
    return text


def _mangled_function(text: str) -> str:
    """Return the last name of the nested names that a mangled name begins with (Itanium C++ ABI, 5.1)."""
    match = _MANGLED.match(text)
    place, function = (match.end() if match else 0), text
    while length := _LENGTH.match(text, place):
        place = length.end() + int(length[0][:4])
        function = text[length.end() : place] or function
        if match and not match[1]:
            break
    return function
