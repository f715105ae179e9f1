"""
Measurements: how fast it is, and what it costs; they need what the tests need, and the extra C{bench}.
"""
