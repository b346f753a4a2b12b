"""What rewriting keeps, how near it comes to rewrites by a large model, and what it costs."""
