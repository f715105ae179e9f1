"""
Makes a hub observable: counters, observers, the log.
"""
