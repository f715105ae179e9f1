"""
The first request of a connection: read, checked, refused or upgraded to a WebSocket.
"""
