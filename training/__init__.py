"""Train, export and measure the bundled encoder; a recipe, not a part of the wheel."""
