"""
The server behind and beside parts that nobody here wrote: browsers, clients, proxies, and a clock that steps.
"""
