"""
The server as a program: the command line, the process, ports and TLS.
"""
