"""Pieces that handlers of several families are made of. No handler is registered here."""
