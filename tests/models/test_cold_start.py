"""What is imported: names cost no torch, building on meta no compiler; benchmarks/speed.py says how long it takes."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_names_are_listed_checked_and_refused_without_torch():
    assert run(
        "import sys, memprof.models as m, memprof.errors as e\n"
        "m.list_models(); m.describe_models(); m.canonical_name('convnext_tiny:kernel=31')\n"
        "m.default_resolution('inceptionnext_b_384')\n"
        "for bad in ('resnet51', 'convnext_t:kernel=2', 'no.py:build', 'no_such_module:build'):\n"
        "    try: m.create_model(bad)\n"
        "    except e.ModelError: pass\n"
        "    else: print('accepted', bad)\n"
        "print('torch' in sys.modules)"
    ) == ("False")


def test_every_family_is_built_on_meta_without_dynamo_and_sympy():
    assert run(
        "import sys, torch, memprof.models as m\n"
        "with torch.device('meta'):\n"
        "    for name in ('resnet50', 'convnext_t_k3_par1_4', 'inceptionnext_t'): m.create_model(name)\n"
        "    for name in ('convnext_iso_s', 'inceptionnext_iso_s', 'convnext_atto'): m.create_model(name)\n"
        "    m.create_model('torch.nn:Identity')\n"
        "print([name for name in ('torch._dynamo', 'torch._inductor', 'sympy', 'timm') if name in sys.modules])"
    ) == ("[]")
