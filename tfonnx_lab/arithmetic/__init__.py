"""LiteRT's integer arithmetic in numpy: fixed-point multipliers and gemmlowp's functions."""
