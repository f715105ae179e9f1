"""
What can be watched: counters, observers, the log.
"""
