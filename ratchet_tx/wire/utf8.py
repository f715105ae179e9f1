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


def textOf(data: bytes) -> str:
    """
    Read bytes of which nobody says what they are, as in HTTP's headers: UTF-8 where it is, and latin-1 otherwise.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
