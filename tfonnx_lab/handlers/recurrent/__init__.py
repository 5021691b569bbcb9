"""Recurrent ops: LSTM, GRU, RNN, SVDF, over time and in one step."""
