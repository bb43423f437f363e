"""Where keys come from, behind one protocol. Stores know nothing of Kubernetes, and nothing of how bytes look."""
