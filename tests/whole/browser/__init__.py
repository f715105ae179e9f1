"""
The chat example from outside: through browser windows, plain HTTP, and WebSockets with JSON.
"""
