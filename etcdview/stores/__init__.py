"""Where keys come from, behind one protocol. Stores know nothing of Kubernetes, and nothing of how bytes look."""

import os

# grpc's core writes a line to stderr for each failed handshake; our own errors say it better, and once
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
