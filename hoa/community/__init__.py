"""The register: buildings, units, owners, ownership."""
