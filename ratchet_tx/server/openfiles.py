"""
How many files the process may have open, which is how many peers it can have; it knows nothing else of them.
"""

import resource

from twisted.logger import Logger

_log = Logger()

#: What a process has open besides its peers, generously.
_OTHERS = 64


def raiseOpenFiles(connections: int) -> None:
    """
    Raise the limit to what the system lets us have: many systems begin with 1,024.

    @param connections: how many peers there may be; where that is more, the log warns
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < connections + _OTHERS:
        _log.warn(
            "The process may have {hard} files open, too few for the {connections} connections of the limit: "
            "raise it (ulimit -n, LimitNOFILE=), or lower the limit",
            hard=hard,
            connections=connections,
        )
