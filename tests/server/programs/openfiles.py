"""
Raises the limit of open files, from 100 of at most 500, for the number of connections in its argument.
"""

import resource
import sys

from twisted.logger import eventAsText, globalLogPublisher

from ratchet_tx.server.process import raiseOpenFiles

globalLogPublisher.addObserver(lambda event: print(eventAsText(event, includeTimestamp=False, includeSystem=False)))
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 500))
raiseOpenFiles(int(sys.argv[1]))
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
