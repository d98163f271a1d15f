"""Writers of what only `memprof trace` has: a trace beside a simulation, and the ranks of a run."""
