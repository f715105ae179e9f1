"""
Who a peer is: providers, tokens, the login and its end.
"""
