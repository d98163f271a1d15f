"""Traces that somebody recorded, anywhere: what is in them, and what the device did meanwhile."""
