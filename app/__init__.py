"""The review application: pages that show and ask; what they say is worked out in core."""
