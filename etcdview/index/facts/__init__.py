"""Facts about the value of every key: read once in the background, then kept true by the index's watch.

They stand in a SQLite database of this process, so that pages answer for all values without reading them:
docs/decisions/0041-facts-in-sqlite.md.
"""
