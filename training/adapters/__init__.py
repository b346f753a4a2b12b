"""How the adapters that make the small Gemma a rewriter and a summariser were trained."""
