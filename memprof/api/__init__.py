"""What a user calls from Python, with the words of the commands. `memprof` hands it on by name."""
