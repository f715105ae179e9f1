"""
The server with real browsers, clients and proxies, and with a clock that steps.
"""
