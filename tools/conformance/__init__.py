"""etcdview's Kubernetes API beside the real one: both on one etcd, asked by clients that nobody here wrote."""
