"""
How much a peer may ask and make us keep, and what happens at the limit.
"""
