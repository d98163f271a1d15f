"""memprof."""
