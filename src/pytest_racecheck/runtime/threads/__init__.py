"""Threads as tasks, and what they share."""
