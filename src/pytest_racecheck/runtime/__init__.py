"""One run: the worlds a program is executed in, and what is observed there."""
