"""Snapshots, data directories and dumps as stores."""
