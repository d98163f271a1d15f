"""Writers of a trace beside a simulation."""
