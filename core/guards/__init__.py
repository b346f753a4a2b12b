"""Finders of what must not be cut, one module per strength of protection."""
