"""Which functions, which bytecodes, which operations: rewritten code that says what it is about to touch."""
