"""A fixed set of kernels and networks that anybody can time on their GPU, written as files that validation reads."""
