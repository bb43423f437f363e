"""What `etcdview get` computes: types and names, objects at one revision, and the text of each output in pieces."""
