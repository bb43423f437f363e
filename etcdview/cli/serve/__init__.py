"""`etcdview serve`."""
