"""The error of the activation maps."""

from core.errors import SmearscopeError


class CamError(SmearscopeError):
    """An activation map that cannot be made of what was given; the message says what to give instead."""
