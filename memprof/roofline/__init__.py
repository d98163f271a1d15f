"""Work held against a device: which ceiling binds each operator, its least seconds. No I/O, no torch."""
