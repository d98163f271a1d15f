"""Predictions held against published measurements. Importing this package imports no torch."""
