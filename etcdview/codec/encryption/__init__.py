"""Values encrypted at rest: how they are told, and how they are decrypted."""
