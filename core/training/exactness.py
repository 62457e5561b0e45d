"""Arithmetic on a graphics card that is as exact as the processor's, and the same every time."""

import os

import torch


def exact_on_cuda() -> None:
    """Let CUDA compute 32-bit numbers in 32 bits, and give the same bits again for the same input.

    torch lets convolutions round their inputs to the ten bits of TF32 and take whichever algorithm is fastest
    at the moment; a map would then differ from the processor's in its third digit, and a training from its
    own repetition. Has to be called before the first product on a card.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may add in any order
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
