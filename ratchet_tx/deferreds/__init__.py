"""
Handles work that takes time: waits for it, cancels it, times it out; and the clock for that.
"""
