"""Objects as text: YAML, JSON and numbers as kubectl and Go print them."""
