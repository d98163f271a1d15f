"""Shape rules and autocast for models that run on PyTorch's meta device."""
