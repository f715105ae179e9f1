"""
Who is in a room, what a room remembers, and who is shown in it.
"""
