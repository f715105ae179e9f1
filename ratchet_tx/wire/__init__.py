"""
Text and bytes on the wire, as pure functions; and the close codes and error codes.
"""
