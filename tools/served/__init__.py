"""What API servers of each release add when they read, to hold `etcdview.codec.served` to (docs/decoding.md)."""
