"""Writers of a validation of single kernels."""
