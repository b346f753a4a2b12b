"""What a rewriter needs besides a generator: facts to keep, keywords to list, a judge of what comes back."""
