"""Quality of the bundled encoder against simple baselines, on development data."""
