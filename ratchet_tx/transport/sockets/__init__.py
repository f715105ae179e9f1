"""
Bytes to and from sockets: what waits, what is written together, and how a connection ends.
"""
