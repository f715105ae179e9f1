"""
Names that people give to themselves and to rooms: which can be told apart; it doesn't know whose they are.
"""

from unicodedata import normalize

LONGEST_NAME = 24

#: Characters that nobody sees (joiners, fillers, variation selectors): part of a name, but no difference between two.
_UNSEEN = dict.fromkeys([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x200C, 0x200D, 0x2800, *range(0xFE00, 0xFE10)])


class NameRefused(Exception):
    """
    Nobody can have this name now; the text says why, to the person who asked for it.
    """


def tidy(name: str) -> str:
    """
    Take a name as somebody typed it.

    @return: as it is shown
    @raise NameRefused: where it isn't one
    """
    name = normalize("NFC", " ".join(name.split()))
    if not look(name) or not look(name).isprintable() or len(name) > LONGEST_NAME:
        raise NameRefused(f"Please choose a name of 1 to {LONGEST_NAME} visible characters.")
    return name


def look(name: str) -> str:
    """
    Reduce a name to what people tell it apart by.
    """
    return normalize("NFKC", name).translate(_UNSEEN).casefold()
