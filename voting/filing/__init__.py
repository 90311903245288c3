"""From an announced election to a filed committee: taking office, filing pack, clocks."""
