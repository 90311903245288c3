"""Other software reports and reads suggestions through Open311 GeoReport v2 (docs/open311.md)."""
