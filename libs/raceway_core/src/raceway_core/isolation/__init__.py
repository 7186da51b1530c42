"""Isolation: what the values that transactions read and wrote prove about the level they ran at."""
