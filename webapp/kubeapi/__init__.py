"""The read-only Kubernetes API below /kube; what answers is etcdview.kubeapi."""
