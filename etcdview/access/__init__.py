"""Who may log in, and as what: the users file, hashes of passwords and tokens, grants. It knows no HTTP.

Nothing here keeps a password or a token, and no message quotes one.
"""
