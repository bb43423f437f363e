"""Changes made up by people: text read into an object, held against what is stored, encoded and decoded again. Pure.

Nothing here asks etcd, and nothing writes: see stores.protocols.Writable.
"""

MAX_STORED_BYTES = 1_500_000  # etcd takes requests of 1.5 MiB (--max-request-bytes)
