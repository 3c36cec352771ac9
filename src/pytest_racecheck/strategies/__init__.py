"""What makes the choices: one strategy a file, behind the protocol."""
