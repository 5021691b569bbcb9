"""The loops of Keras's recurrent layers as one op over the sequence."""
