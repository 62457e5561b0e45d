"""The sentence that goes with every result."""

RESEARCH_USE_ONLY = "research use only, not for diagnosis"
