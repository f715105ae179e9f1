"""
Makes one line of printable text of what a peer or a client chose, for the log.

A terminal obeys ESC, a log collector takes CR or a line separator for the next entry, and a bidi override shows a text
backwards: none of them passes, and neither does a quote, so that C{key="value"} stays one.
"""

#: How many characters of a text are logged: an origin or a client's id is shorter, and a flood of lines stays small.
LONGEST = 128


def printable(text: object, longest: int = LONGEST, quote: str = '"') -> str:
    """
    Escape a text for a log line, as it stands between double quotes.

    @param text: what was chosen by a peer or a client; bytes are read as UTF-8; what is no text is shown as C{str} shows it
    @param longest: how many characters of it are shown; dots stand for the rest
    @param quote: the quotes that it stands between
    @return: printable characters and blanks only; a quote or a backslash has a backslash before it, and everything else is
        written as Python writes it: C{\\x1b}, C{\\u202e}
    """
    if isinstance(text, bytes):
        text = text[: 4 * longest + 4].decode("utf-8", "surrogateescape")
    shown = str(text)
    if len(shown) <= longest and shown.isprintable() and quote not in shown and "\\" not in shown:
        return shown
    return "".join(_escaped(each, quote) for each in shown[:longest]) + ("..." if len(shown) > longest else "")


def quoted(text: object, longest: int = LONGEST) -> str:
    """
    Escape a text for a log line, and put it between single quotes.
    """
    return "'" + printable(text, longest, "'") + "'"


def _escaped(character: str, quote: str) -> str:
    if character in (quote, "\\"):
        return "\\" + character
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"  # a byte that is no UTF-8
    return character.encode("unicode_escape").decode("ascii")
