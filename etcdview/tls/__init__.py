"""What TLS to etcd needs: the client's files, checked; certificates as facts; an endpoint diagnosed step by step.

Knows neither grpc nor keys; it speaks with sockets, ssl and cryptography alone.
"""
