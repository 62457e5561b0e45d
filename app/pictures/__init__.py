"""Pictures for the screen: of cells, of fields, of whole slides."""
