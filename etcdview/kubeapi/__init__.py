"""The read-only Kubernetes API, straight from what is stored: the answers as data. Knows no HTTP server."""
