"""The board at which cells are read: what it is given, and how what it sends is written."""
