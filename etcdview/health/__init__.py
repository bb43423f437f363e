"""Is this etcd healthy? Probes per member, rules over what they saw, a verdict on evidence.

Nothing here imports grpc, flask or a store: members are asked through stores/protocols.py's MemberProbe.
Everything below `monitor` is a pure function of facts, and takes the clock as an argument.
"""
