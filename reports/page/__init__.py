"""The page that people look at in a browser: its frame, its data, and the scripts that show them.

Python computes every figure and every text; the scripts place, sort and filter them.
"""
