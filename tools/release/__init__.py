"""What a release is made of: `make release`, `make zipapp`, the man page and the SBOM."""
