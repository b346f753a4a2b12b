"""Inputs that nobody would write, and what must not happen to them."""
