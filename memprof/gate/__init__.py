"""The gate: figures of workloads held against an accepted baseline, so that a change makes none slower unnoticed."""
