"""Changes made up by people: text read into an object, held against what is stored, encoded and decoded again. Pure.

Nothing here asks etcd, and nothing writes: see stores.base.Writable.
"""
