"""Does anything break? The torture set, every extractive method, several ratios, and checks of their own."""
