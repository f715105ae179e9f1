"""
What nodes send each other, and the backplanes that carry it; each is an L{IBackplane<ratchet_tx.interfaces.IBackplane>}.
"""
