"""The community and the platform it lives on."""
