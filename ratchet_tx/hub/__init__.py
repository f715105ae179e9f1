"""
One node: where connections, applications, rooms and other nodes meet.
"""
