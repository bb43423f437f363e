"""`etcdview get`."""
