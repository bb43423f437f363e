"""How this etcd is started: flags from pods, manifests, units and configuration files."""
