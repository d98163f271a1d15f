"""Sweeps: models, devices and settings in every combination, in parallel, as rows of a Parquet set.

A file says what is combined (`reading`), which divides into groups (`plan`); each is simulated and held against all
devices (`rows`) by some engine (`engine`), and written as a part of a folder (`folder`) as soon as it is done (`run`).
"""
