"""Many runs of one program, until a verdict."""
