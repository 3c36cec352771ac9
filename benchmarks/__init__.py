"""How fast the explore engine is, and how well it finds: one command prints all tables.

Run `python -m benchmarks` in the project's root. The programs are the quality suite's kernels. Every ratio is between two
figures of the same run; absolute ones depend on the machine. Nothing here is asserted: tests do that, without clocks.
"""
