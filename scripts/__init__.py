"""The command line: one file a command; each parses, calls core and prints."""
