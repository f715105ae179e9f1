"""
Who may log in, the same for every server: twenty thousand tokens, and whose they are.
"""

#: By the token, the user's name.
USERS = {f"token-{number}": f"user-{number}" for number in range(20_000)}
