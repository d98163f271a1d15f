"""Sixty networks that memprof has never heard of, and what an analysis of them has to tell."""
