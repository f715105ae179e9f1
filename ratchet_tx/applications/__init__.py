"""
What authors register, and what is checked when they do.
"""
