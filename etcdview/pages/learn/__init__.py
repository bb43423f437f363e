"""The page that explains etcd and Kubernetes by this very cluster: its kinds, one object, its commands, its members."""
