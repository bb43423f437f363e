"""Getting something back: what differs between two states of a registry, and what to do about it. Knows no page."""
