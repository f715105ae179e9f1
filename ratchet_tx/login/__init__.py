"""
Logs clients in: providers, tokens, the login and its expiry.
"""
