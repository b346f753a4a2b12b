"""What a text is made of besides prose, and how each kind is cut, weighed and shown without breaking."""
