"""What a trace means."""
