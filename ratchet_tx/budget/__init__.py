"""
Counts how much is left of a rate or of bytes.
"""
