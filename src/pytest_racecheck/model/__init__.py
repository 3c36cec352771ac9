"""Plain data: what the layers above say to each other. Imports nothing of the project."""
