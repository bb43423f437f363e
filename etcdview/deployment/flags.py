"""What etcd's flags mean, in a sentence each: the ones that matter for a Kubernetes cluster.

Source: `etcd --help` of 3.4 to 3.6 and etcd's configuration guide. Names are without the leading dashes.
"""

from __future__ import annotations

from typing import Final

MEANINGS: Final[dict[str, str]] = {
    "advertise-client-urls": "The addresses under which clients (kube-apiserver, etcdctl, etcdview) reach this "
    "member; port 2379 by custom.",
    "auth-token": "How etcd's own users prove who they are: simple tokens, or jwt.",
    "auto-compaction-mode": "Whether etcd itself drops old revisions by time (periodic) or by number (revision).",
    "auto-compaction-retention": "How much history that keeps; 0: kube-apiserver drops it, every five minutes.",
    "auto-tls": "Make a certificate of its own for clients: encrypted, but clients cannot verify the member.",
    "cert-file": "The certificate the member shows to clients on port 2379. kubeadm: etcd/server.crt.",
    "client-cert-auth": "Clients must show a certificate of --trusted-ca-file; else anyone may write.",
    "config-file": "A YAML file with all settings; when it is given, etcd ignores other flags and the environment.",
    "data-dir": "Where the database and the write-ahead log are. It should be a fast disk of its own.",
    "election-timeout": "Milliseconds without a heartbeat until a follower calls an election; five to ten heartbeats.",
    "enable-pprof": "Serve Go's profiles on the client port.",
    "enable-v2": "Serve the old v2 API. Kubernetes never uses it.",
    "experimental-compact-hash-check-enabled": "Compare hashes at compactions: notices data that differs.",
    "experimental-corrupt-check-time": "How often members compare their data among themselves; 0s: never.",
    "experimental-initial-corrupt-check": "Compare the data with the other members before serving, at every start.",
    "experimental-watch-progress-notify-interval": "How often watches that ask for it are told how far they are. "
    "kube-apiserver's watch cache relies on it; kubeadm sets 5s.",
    "feature-gates": "Features that are switched on or off, since etcd 3.6, such as InitialCorruptCheck.",
    "force-new-cluster": "Remove all other members and start alone. For disaster recovery, and for one start only.",
    "grpc-keepalive-min-time": "How often a client may ping without being cut off.",
    "heartbeat-interval": "Milliseconds between the leader's heartbeats; about the round trip between members.",
    "host-whitelist": "Names under which clients may address the member over HTTP.",
    "initial-advertise-peer-urls": "Where the other members are told to reach this one; read at the first start only.",
    "initial-cluster": "Name and peer address of each member when the cluster was made or this one joined. Read at "
    "the first start only: it may be out of date without harm.",
    "initial-cluster-state": "new when the cluster is being made, existing when this member joins one.",
    "initial-cluster-token": "Keeps clusters apart that are made with the same addresses.",
    "listen-client-http-urls": "Addresses for /health and /metrics; the client port then serves gRPC only.",
    "listen-client-urls": "The addresses and ports on which the member waits for clients; port 2379 by custom. "
    "kubeadm adds 127.0.0.1, for probes on the machine itself.",
    "listen-metrics-urls": "More addresses for /health and /metrics. kubeadm: http://127.0.0.1:2381, for kubelet.",
    "listen-peer-urls": "The addresses and ports on which it waits for the other members; port 2380.",
    "log-level": "How much is logged: debug, info, warn, error.",
    "log-outputs": "Where the log goes.",
    "logger": "The logger; zap is the only one left.",
    "max-request-bytes": "The largest write that is taken; 1.5 MiB by default.",
    "max-snapshots": "How many raft snapshot files are kept.",
    "max-txn-ops": "How many operations one transaction may have.",
    "max-wals": "How many files of the write-ahead log are kept.",
    "metrics": "basic, or extensive with histograms of every gRPC call.",
    "name": "What this member is called. kubeadm: the name of the node.",
    "peer-auto-tls": "Make a certificate of its own for peers: encrypted, but any machine could join.",
    "peer-cert-file": "The certificate the member shows to the other members on port 2380. kubeadm: etcd/peer.crt.",
    "peer-client-cert-auth": "Other members must show a certificate of the CA in --peer-trusted-ca-file.",
    "peer-key-file": "The private key of --peer-cert-file.",
    "peer-skip-client-san-verification": "Do not compare a peer's address with the names in its certificate.",
    "peer-trusted-ca-file": "The CA that signs the members' peer certificates. kubeadm: etcd/ca.crt.",
    "pre-vote": "Ask around before calling an election, so that a member coming back does not disturb the others.",
    "proxy": "The old v2 proxy.",
    "quota-backend-bytes": "How large the database may become until writes are refused; 2 GiB by default.",
    "snapshot-count": "After how many entries raft makes a snapshot and drops its log.",
    "strict-reconfig-check": "Refuse membership changes that would lose the quorum.",
    "tls-min-version": "The oldest version of TLS that is spoken.",
    "trusted-ca-file": "The CA that clients' certificates must come from. kubeadm: etcd/ca.crt.",
    "unsafe-no-fsync": "Do not wait for the disk. A power failure loses data that was confirmed: for tests only.",
    "cipher-suites": "The TLS ciphers that are spoken.",
    "key-file": "The private key of --cert-file.",
    "wal-dir": "Where the write-ahead log is, when it has a disk of its own.",
    "watch-progress-notify-interval": "How often watches that ask for it are told how far they are; kubeadm sets 5s.",
}


def meaning(name: str) -> str:
    """What a flag is for; empty for one that is not in the table. Since 3.6 experimental flags lost their prefix."""
    return MEANINGS.get(name) or MEANINGS.get("experimental-" + name, "")
