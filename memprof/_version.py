"""The version, alone in a file that setup.cfg can read without importing memprof."""

__version__ = "0.1.0"

COST_MODEL = 4
"""Counts up whenever a formula, a rule of the simulation, or a constant changes figures: baselines of the gate are not
comparable across it. tests/test_cost_model.py notices a change."""
