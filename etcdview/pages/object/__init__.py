"""One object: what it is, its history, its relations."""
