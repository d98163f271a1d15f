"""What other models would do: ablations, sweeps over an option, and what an optimisation would save."""
