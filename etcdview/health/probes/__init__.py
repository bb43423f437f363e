"""What asks the members: one round of status, reads, metrics and hashes."""
