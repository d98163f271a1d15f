"""Profiles: events of torch.profiler from a simulated step (or, later, a measured one or a trace)."""
