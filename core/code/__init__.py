"""Source code as a tree of lines: what can be dropped from it, and what it then looks like."""
