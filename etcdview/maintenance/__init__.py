"""Looking after an etcd cluster: what each operation does, risks and needs (pure), the look before it, and doing it.

It speaks to stores by their protocols only, and knows neither Kubernetes nor pages.
"""
