"""Tensors without torch: shapes, strides, layouts, dtypes and precision policies."""
