"""The tables as they came to be, one step a version; run by `core.store.database`."""
