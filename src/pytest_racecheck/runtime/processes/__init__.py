"""Processes as tasks, and what they share."""
