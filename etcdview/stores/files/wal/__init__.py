"""etcd's write-ahead log in a data directory: frames of bytes -> entries of raft -> requests -> changes of keys."""
