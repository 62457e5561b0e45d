"""The errors a user can cause and mend; each message names the thing, the value and the remedy."""


class SmearscopeError(Exception):
    """Something the user gave cannot be used as it is.

    The message is one line a person can act on. Commands print it without a traceback.
    """


class UnreadableImageError(SmearscopeError):
    """An image file that cannot be decoded, or is not an image of a smear field."""


class EmptySlideError(SmearscopeError):
    """A slide that holds no field image."""
