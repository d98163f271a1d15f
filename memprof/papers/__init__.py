"""Papers whose tables memprof computes again, beside what they published."""
