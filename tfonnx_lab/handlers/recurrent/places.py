"""Which input of an LSTM is what.

Source: lstm_shared.h, unidirectional_sequence_lstm.cc, bidirectional_sequence_lstm.cc. A gate's place is the first of
four, in the order input, forget, cell, output.
"""

from __future__ import annotations

INPUT_WEIGHTS, HIDDEN_WEIGHTS, BIASES = 1, 5, 12
PEEPHOLES = (9, 10, None, 11)
"""Of each gate; that of the cell has none."""
PROJECTION, PROJECTION_BIAS = 16, 17
HIDDEN, CELL = 18, 19
"""The states."""
NORMS = 20
WEIGHTS = slice(INPUT_WEIGHTS, HIDDEN)
"""Weights, peepholes, biases and projection, as `Cell.of` takes them."""
COUNT = 24

BACKWARD_WEIGHTS = slice(18, 35)
"""Of the second LSTM of a BIDIRECTIONAL_SEQUENCE_LSTM."""
FORWARD_HIDDEN, BACKWARD_HIDDEN = 35, 37
"""The cell's state comes next."""
AUX = 39
FORWARD_AUX_WEIGHTS, BACKWARD_AUX_WEIGHTS = 40, 44
BOTH_COUNT = 48
