"""Where keys come from, behind one protocol. Stores know nothing of Kubernetes, and nothing of how bytes look."""

import os

# grpc's core writes a line to stderr for each failed handshake; our own errors say it better, and once
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
# names resolve as they do for every other program here, and for our own diagnosis: by the system's resolver
os.environ.setdefault("GRPC_DNS_RESOLVER", "native")
