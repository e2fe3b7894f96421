"""Rate budgets, shared by all processes and hosts that use an account."""
