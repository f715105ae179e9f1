"""
Limits how much peers may ask and make us keep.
"""
