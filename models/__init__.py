"""Everything that loads, runs or exports weights."""
