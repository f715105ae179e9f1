"""
Makes the twisted.cred checker that C{--auth} describes, such as C{file:passwd}.

An error repeats only the first word of the description: passwords may follow it.
"""

from pathlib import Path
from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.strcred import ICheckerFactory, InvalidAuthType, findCheckerFactory

from ratchet_tx.errors import UsageError
from ratchet_tx.login.cred import CREDENTIALS


def makeChecker(description: str) -> Any:
    """
    Make a checker.

    @param description: one of the kinds that C{twistd ratchet --help-auth} lists, and its argument
    @return: an L{ICredentialsChecker<twisted.cred.checkers.ICredentialsChecker>}
    @raise UsageError: for an unknown kind, and for an argument that the kind doesn't accept
    """
    kind, _, argument = description.partition(":")
    try:
        factory: ICheckerFactory = findCheckerFactory(kind)
    except InvalidAuthType:
        raise UsageError(f"auth {kind}: there is no such kind of checker; twistd ratchet --help-auth lists them") from None
    if not set(CREDENTIALS) & set(factory.credentialInterfaces):
        raise UsageError(f"auth {kind}: it takes no names and passwords")
    if kind == "file" and not Path(argument).is_file():
        # Twisted's checker would only say so at each login.
        raise UsageError(f"auth file: {argument!r} is not a file")
    try:
        checker = factory.generateChecker(argument)
    except Exception as error:
        raise UsageError(f"auth {kind}: it takes {factory.argStringFormat.rstrip('.')}") from error
    return _inBytes(checker)


def _inBytes(checker: Any) -> Any:
    """
    Encode the names and passwords of C{memory:name:password}: Twisted's checker keeps them as str, but looks up bytes.
    """
    if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
        checker.users = {_encoded(name): _encoded(password) for name, password in checker.users.items()}
    return checker


def _encoded(text: Any) -> Any:
    return text.encode() if isinstance(text, str) else text
