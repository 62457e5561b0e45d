"""A worker of a cluster with the models that need no weights; run as a program, for tests that kill it."""

import signal
import sys
from functools import partial

from core.scoring.cluster import serve, worker_identity
from tests.coloured_cells import DotCard, load_models

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is started without
    address, wait = sys.argv[1:]
    serve(address, partial(load_models, float(wait)), worker_identity(DotCard().identity), print)
