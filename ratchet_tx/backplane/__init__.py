"""
The ways in which nodes may be bound together; each is an L{IBackplane<ratchet_tx.interfaces.IBackplane>}.
"""
