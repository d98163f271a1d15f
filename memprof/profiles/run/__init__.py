"""Profiles of real runs: timed steps, one profiled step, and what the device's sensors say meanwhile."""
