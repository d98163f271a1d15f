"""Writers of a sweep over one option of a model."""
