"""Flex (select TensorFlow) ops."""
