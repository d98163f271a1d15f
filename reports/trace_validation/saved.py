"""Reads a trace held against a simulation from the JSON that was written of it."""

from __future__ import annotations

import msgspec

from memprof.validation.trace_records import TraceValidation


def read(content: bytes) -> TraceValidation:
    """Return the validation; msgspec.DecodeError where that is none."""
    return msgspec.json.decode(content, type=TraceValidation)
