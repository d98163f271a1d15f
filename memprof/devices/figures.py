"""What a device file may state: the key, unit and words of every figure, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.errors import DeviceError, did_you_mean

PER_SECOND = ("B/s", "FLOP/s", "OP/s", "Hz")
_METRIC = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BINARY = ((2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_CAPACITY = "B"
_SMALLEST_RATE = 1e6
_AMD_WORDS = (
    ("streaming multiprocessors (SMs, CUs)", "compute units (CUs)"),
    ("tensor-core", "matrix-core"),
    ("tensor cores", "matrix cores"),
    ("CUDA-core", "vector"),
    ("CUDA cores", "vector units"),
    ("cuDNN", "MIOpen"),
    ("SMs", "CUs"),
    ("SM", "CU"),
)


def amd_words(text: str) -> str:
    """Return a text about NVIDIA's GPUs as one about AMD's: "CU" for "SM"."""
    for nvidias, amds in _AMD_WORDS:
        text = text.replace(nvidias, amds)
    return text


@dataclass(frozen=True, slots=True)
class FigureFact:
    """The facts of one figure: its key in files, its unit (base units; "" for a count) and its name in a sentence.

    `cpu_words` is its name on a CPU, "" where that is the same.
    """

    key: str
    unit: str
    words: str
    cpu_words: str = ""

    @property
    def words_for_cpu(self) -> str:
        """The figure's name in a sentence about a CPU."""
        return self.cpu_words or self.words

    @property
    def words_for_amd(self) -> str:
        """The figure's name in a sentence about one of AMD's GPUs: matrix cores, vector units, CUs."""
        return amd_words(self.words)

    @property
    def least(self) -> float:
        """The smallest plausible value: a rate below a million per second was given in GB/s or TFLOP/s by mistake."""
        return _SMALLEST_RATE if self.unit in PER_SECOND else 0.0


_FACTS = (
    FigureFact("core_count", "", "CPU cores", "cores"),
    FigureFact("thread_count", "", "threads PyTorch computes with"),
    FigureFact("sm_count", "", "streaming multiprocessors (SMs, CUs)"),
    FigureFact("boost_clock_hz", "Hz", "boost clock"),
    FigureFact("base_clock_hz", "Hz", "base clock"),
    FigureFact("tensor_clock_hz", "Hz", "clock of the tensor-core peaks"),
    FigureFact("fp32_lanes_per_sm", "", "FP32 lanes per SM"),
    FigureFact("sfu_results_per_clock_per_sm", "", "special-function results per clock and SM"),
    FigureFact("threads_per_sm", "", "threads per SM, at most"),
    FigureFact("registers_per_sm", "", "registers per SM, 32-bit"),
    FigureFact("fp32_flops_per_second", "FLOP/s", "FP32 CUDA-core peak", "FP32 peak"),
    FigureFact("elementwise_flops_per_second", "FLOP/s", "FP32 element-wise peak"),
    FigureFact("fp16_flops_per_second", "FLOP/s", "FP16 CUDA-core peak, packed"),
    FigureFact("fp64_flops_per_second", "FLOP/s", "FP64 CUDA-core peak"),
    FigureFact("tf32_tensor_flops_per_second", "FLOP/s", "TF32 tensor-core peak"),
    FigureFact("fp16_tensor_flops_per_second", "FLOP/s", "FP16 tensor-core peak", "FP16 matrix peak"),
    FigureFact("bf16_tensor_flops_per_second", "FLOP/s", "BF16 tensor-core peak", "BF16 matrix peak"),
    FigureFact("fp8_tensor_flops_per_second", "FLOP/s", "FP8 tensor-core peak"),
    FigureFact("int8_tensor_ops_per_second", "OP/s", "INT8 tensor-core peak"),
    FigureFact("fp32_tensor_flops_per_second", "FLOP/s", "FP32 matrix-core peak"),
    FigureFact("fp64_tensor_flops_per_second", "FLOP/s", "FP64 tensor-core peak"),
    FigureFact("fp16_tensor_fp16_accumulate_flops_per_second", "FLOP/s", "FP16 tensor-core peak, FP16 accumulation"),
    FigureFact("fp8_tensor_fp16_accumulate_flops_per_second", "FLOP/s", "FP8 tensor-core peak, FP16 accumulation"),
    FigureFact("dram_bytes_per_second", "B/s", "DRAM bandwidth"),
    FigureFact("dram_capacity_bytes", "B", "memory"),
    FigureFact("l3_bytes_per_second", "B/s", "L3 bandwidth"),
    FigureFact("l3_capacity_bytes", "B", "L3 capacity"),
    FigureFact("l2_bytes_per_second", "B/s", "L2 bandwidth, measured", "L2 bandwidth"),
    FigureFact("l2_bytes_per_clock", "", "L2 bytes per clock, by design"),
    FigureFact("l2_capacity_bytes", "B", "L2 capacity", "L2 capacity, all cores"),
    FigureFact("l1_bytes_per_second", "B/s", "L1 bandwidth, all SMs, 32-bit loads", "L1 bandwidth"),
    FigureFact("l1_bytes_per_clock_per_sm", "", "L1 bytes per clock and SM, 32-bit loads"),
    FigureFact("l1_measured_bytes_per_clock_per_sm", "", "L1 bytes per clock and SM, 32-bit, measured"),
    FigureFact("l1_wide_bytes_per_clock_per_sm", "", "L1 bytes per clock and SM, 128-bit loads"),
    FigureFact("l1_wide_measured_bytes_per_clock_per_sm", "", "L1 bytes per clock and SM, 128-bit, measured"),
    FigureFact("l1_capacity_bytes", "B", "L1 capacity", "L1 data capacity, all cores"),
    FigureFact("l1_capacity_bytes_per_sm", "B", "L1 capacity per SM"),
    FigureFact("shared_capacity_bytes_per_sm", "B", "shared memory per SM, at most"),
    FigureFact("measured_spread_fraction", "", "largest spread, (median - best) / best"),
    FigureFact("power_watts", "W", "power limit"),
)

FIGURES = {fact.key: fact for fact in _FACTS}
"""Every figure by key, in the order in which devices show them.

Peaks are dense and accumulate in FP32 unless their words say otherwise; one multiply-add is two FLOP.
"""


def fact_of(key: str) -> FigureFact:
    """Return the facts of the figure `key`; DeviceError with the nearest keys where there is none."""
    if key not in FIGURES:
        raise DeviceError(f"no device has a figure {key!r}", did_you_mean(key, FIGURES))
    return FIGURES[key]


def format_figure(key: str, value: float) -> str:
    """Return the value of a figure as text with its unit, exact to five digits: "1.5552 TB/s", "40 MiB", "108"."""
    unit = fact_of(key).unit
    scales: tuple[tuple[float, str], ...] = _BINARY if unit == _CAPACITY else _METRIC if unit in PER_SECOND else ()
    for factor, prefix in scales:
        if value >= factor:
            return f"{value / factor:.5g} {prefix}{unit}"
    return f"{value:,.10g} {unit}".rstrip()


def format_scaled(value: float, prefix: str) -> str:
    """Return a value for a column that states its unit, to four digits: 1555.2e9 with prefix "G" is "1,555"."""
    factor = next(factor for factor, known in (*_METRIC, *_BINARY) if known == prefix)
    return f"{value / factor:,.4g}"
