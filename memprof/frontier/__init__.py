"""Published accuracy against predicted throughput: which networks nobody beats at both."""
