"""
Escapes text that a peer or a client chose, so that the log shows it as one line of printable text.

A terminal obeys ESC, a log collector starts a new entry at CR or a line separator, and a bidi override reverses a text: all
of them are escaped. So are quotes, so that C{key="value"} stays one fact.
"""

#: How many characters of a text are logged: origins and clients' ids are shorter, and a flood of lines stays small.
LONGEST = 128


def printable(text: object, longest: int = LONGEST) -> str:
    """
    Escape a text for a log line, to be put between double quotes.

    @param text: what a peer or a client chose; bytes are read as UTF-8, and other objects by C{str}
    @param longest: how many characters of it are shown; dots stand for the rest
    @return: printable characters and blanks only; a quote or a backslash has a backslash before it, and everything else is
        escaped as in Python: C{\\x1b}, C{\\u202e}
    """
    if isinstance(text, bytes):
        text = text[: 4 * longest + 4].decode("utf-8", "surrogateescape")
    shown = str(text)
    if len(shown) <= longest and shown.isprintable() and '"' not in shown and "\\" not in shown:
        return shown
    return "".join(_escaped(each) for each in shown[:longest]) + ("..." if len(shown) > longest else "")


def quoted(text: object, longest: int = LONGEST) -> str:
    """
    Escape a text for a log line, and put it between double quotes.
    """
    return f'"{printable(text, longest)}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"  # a byte that is no UTF-8
    return character.encode("unicode_escape").decode("ascii")
