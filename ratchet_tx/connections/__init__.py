"""
One peer's connection, and what is kept for it.
"""
