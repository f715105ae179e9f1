"""
Text and bytes on the wire, as pure functions; and the codes of closes and errors.
"""
