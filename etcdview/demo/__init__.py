"""A cluster for who has none: certificates, etcd members, the captured registry. Throwaway, on this machine only.

Nothing here knows of Flask or of pages. Tests start their etcd with the same code.
"""
