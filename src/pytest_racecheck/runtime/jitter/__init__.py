"""Free-running threads, processes and managers with delays injected at scheduling points."""
