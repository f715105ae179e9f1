"""
The tests: one module for each of the package's, and beside them what looks at the whole.
"""
