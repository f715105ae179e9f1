"""
Reads C{--auth}, such as C{file:passwd}, and makes the checker of twisted.cred.

No message repeats more than the first word: passwords may stand behind it.
"""

from pathlib import Path
from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.strcred import ICheckerFactory, InvalidAuthType, findCheckerFactory

from ratchet_tx.errors import UsageError
from ratchet_tx.login.cred import CREDENTIALS


def makeChecker(description: str) -> Any:
    """
    Make the checker that a description means, as C{twistd ratchet --help-auth} lists them.

    @return: an L{ICredentialsChecker<twisted.cred.checkers.ICredentialsChecker>}
    @raise UsageError: for a kind that there isn't, and for what can't be one of its kind
    """
    kind, _, argument = description.partition(":")
    try:
        factory: ICheckerFactory = findCheckerFactory(kind)
    except InvalidAuthType:
        raise UsageError(f"auth {kind}: there is no such kind of checker; twistd ratchet --help-auth lists them") from None
    if not set(CREDENTIALS) & set(factory.credentialInterfaces):
        raise UsageError(f"auth {kind}: it takes no names and passwords")
    if kind == "file" and not Path(argument).is_file():
        # Twisted's would say so at each login.
        raise UsageError(f"auth file: {argument!r} is not a file")
    try:
        checker = factory.generateChecker(argument)
    except Exception as error:
        raise UsageError(f"auth {kind}: it takes {factory.argStringFormat.rstrip('.')}") from error
    return _inBytes(checker)


def _inBytes(checker: Any) -> Any:
    """
    Mend what Twisted's makes of C{memory:name:password}: texts, by which no name would be found, for these are bytes.
    """
    if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
        checker.users = {_encoded(name): _encoded(password) for name, password in checker.users.items()}
    return checker


def _encoded(text: Any) -> Any:
    return text.encode() if isinstance(text, str) else text
