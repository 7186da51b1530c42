"""Answers in the shapes of the original Raceway (0.1.0), which its clients parse strictly.

Integers are integers, times full RFC 3339, ids full UUIDs, and no number is NaN, infinite or null
where the original has none. Keys beyond the original's are ours; its clients ignore them.
"""
