"""What the kube-apiserver of each release writes into an empty etcd when it starts, as a small dump."""
