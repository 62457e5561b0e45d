"""What a map is worth: the report's terms, where the map lies, and whether the network agrees with it."""
