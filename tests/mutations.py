"""Damage done to the content of a file, drawn at random: what disks, networks and programs do, and worse."""

from collections.abc import Callable
from random import Random

_HEAD_BYTES = 600
"""Most headers lie in so many bytes at either end."""
_TEXT_BYTES = 100_000
_NUMBERS = (0, 1, 2, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 1 << 40, (1 << 64) - 1)


def mutated(content: bytes, other: bytes, random: Random) -> tuple[str, bytes]:
    """Damage a file in one to three ways.

    Parameters
    ----------
    content, other
        The file, and one of another kind.
    random
        Decides all.

    Returns
    -------
    What was done, and the damaged content.
    """
    damages = _DAMAGES_OF_TEXTS if content.isascii() else _DAMAGES
    chosen = [random.choice(list(damages)) for _ in range(random.choice((1, 1, 2, 3)))]
    for name in chosen:
        content = damages[name](content, other, random)
    return " + ".join(chosen), content


def _place(content: bytes, random: Random) -> int:
    """Anywhere, mostly near an end."""
    if not content:
        return 0
    last = len(content) - 1
    near = random.randrange(min(_HEAD_BYTES, len(content)))
    return random.choice((near, near, last - near, random.randint(0, last)))


def _range(content: bytes, random: Random) -> tuple[int, int]:
    begin = _place(content, random)
    longest = max(1, random.choice((4, 64, 4096, len(content) // 4)))
    return begin, min(len(content), begin + random.randint(1, longest))


def _flip_bits(content: bytes, _: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _time in range(random.randint(1, 16) if content else 0):
        changed[_place(content, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _zero(content: bytes, _: bytes, random: Random) -> bytes:
    begin, end = _range(content, random)
    return content[:begin] + bytes(end - begin) + content[end:]


def _cut_out(content: bytes, _: bytes, random: Random) -> bytes:
    begin, end = _range(content, random)
    return content[:begin] + content[end:]


def _double(content: bytes, _: bytes, random: Random) -> bytes:
    begin, end = _range(content, random)
    return content[:end] + content[begin:]


def _set_numbers(content: bytes, _: bytes, random: Random) -> bytes:
    """Lengths, offsets and counts of all widths and byte orders, set to what a careless reader trips over."""
    changed = bytearray(content)
    for _time in range(random.randint(1, 4)):
        width = random.choice((1, 2, 4, 4, 8))
        number = random.choice((*_NUMBERS, len(content), len(content) - 1)) % (1 << 8 * width)
        at = _place(content, random) & ~1
        changed[at : at + width] = number.to_bytes(width, random.choice(("little", "big")))
    return bytes(changed)


def _other_head(content: bytes, other: bytes, random: Random) -> bytes:
    length = random.choice((4, 16, 132, _HEAD_BYTES))
    return other[:length] + content[length:]


def _splice(content: bytes, other: bytes, random: Random) -> bytes:
    return content[: _place(content, random)] + other[random.randrange(max(1, len(other))) :]


def _cut_short(content: bytes, _: bytes, random: Random) -> bytes:
    return content[: random.choice((_place(content, random), random.randrange(max(1, len(content)))))]


def _other_digits(content: bytes, _: bytes, random: Random) -> bytes:
    """Digits of a text: it is read as before, and says something else."""
    changed = bytearray(content)
    places = [at for at, byte in enumerate(content[:_TEXT_BYTES]) if byte in b"0123456789"]
    for at in random.sample(places, min(len(places), random.randint(1, 3))):
        changed[at] = random.choice(b"0123456789")
    return bytes(changed)


_DAMAGES: dict[str, Callable[[bytes, bytes, Random], bytes]] = {
    "bits flipped": _flip_bits,
    "bytes zeroed": _zero,
    "bytes cut out": _cut_out,
    "bytes doubled": _double,
    "numbers set": _set_numbers,
    "head of another": _other_head,
    "spliced with another": _splice,
    "cut short": _cut_short,
}
_DAMAGES_OF_TEXTS = _DAMAGES | {"digits changed": _other_digits}
