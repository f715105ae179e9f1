"""
The chat example, seen from outside: through a browser's windows, plain HTTP, and sockets that speak JSON.
"""
