"""`python -m memprof` is `memprof`."""

from memprof.cli import main

main()
