"""Calibration: measure the ceilings of this machine with PyTorch's own operators. Importing this imports no torch.

`session.calibrate` measures; only torch_probes.py and the two machines, torch_cpu.py and torch_cuda.py, know torch.
"""
