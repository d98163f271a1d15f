"""Work held against a device: which ceiling binds each operator, and the least seconds it can take. No I/O, no torch."""
