"""
Whether bytes are UTF-8; what they say it doesn't know.
"""


def isUTF8(text: bytes) -> bool:
    """
    Say whether some bytes are UTF-8 (RFC 3629).
    """
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
