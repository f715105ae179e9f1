"""
C{python -m ratchet_tx}: the tools beside the server, which C{twistd ratchet} is; what they do is theirs.
"""

from ratchet_tx.describe.command import main

main()
