"""
What application authors register: applications, room policies and timers.
"""
