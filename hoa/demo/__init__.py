"""The demo community 梧桐苑: grown from a seed through the rooms' own services, never by direct SQL."""
