"""What is unhealthy or wrong in the stored state: pure functions of decoded objects."""
