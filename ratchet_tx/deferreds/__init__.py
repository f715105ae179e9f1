"""
Work that takes time: waited for, cancelled, timed out; and the clock that measures it.
"""
