"""The configuration files of the commands, checked."""
