"""Hardware counters: the bytes that NVIDIA Nsight Compute counted per kernel, joined with a report's operators."""

from memprof.counters.joining import join
from memprof.counters.reading import read_counters
from memprof.counters.records import Counters, KernelCounters

__all__ = ["Counters", "KernelCounters", "join", "read_counters"]
