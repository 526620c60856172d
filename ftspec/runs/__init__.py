"""Many runs at once: what each was, what varies among them, and which is best. Imports without
torch."""
