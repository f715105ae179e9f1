"""
Measurements: how fast it is, and what it costs, beside others; the extra C{bench} has what they need.
"""
