"""etcdview: the window on the state of a Kubernetes cluster, straight from etcd.

This package is the library and the command; it never imports flask.
"""

__version__ = "0.1.0"
