"""Quantization made explicit, or taken out: Q/DQ, tables of codes, dynamic range, ReLU from ranges."""
