"""What one report says, in sentences: which ceiling binds, what was reached, where time is lost."""
