"""What etcdview costs, beside etcdctl, in one run on one machine: ratios and bytes, held to the goals of the design."""
