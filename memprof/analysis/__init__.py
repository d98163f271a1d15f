"""From a profile to a report, wherever the profile came from: a simulation, a real run, or a trace."""
