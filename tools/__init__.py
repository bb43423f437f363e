"""Makers of committed files: what they write is in the repository, so that only its maintainers run them."""
