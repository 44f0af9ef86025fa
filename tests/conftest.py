"""What all tests share."""

import os
import signal

# Threads that wait give way: the tests have more of them than there are processors. (OpenMP reads it when loaded.)
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from hypothesis import settings

settings.register_profile("sknn", max_examples=20, derandomize=True, deadline=None, database=None)
settings.load_profile("sknn")

# A shell starts its background jobs with Ctrl-C ignored, and Python then leaves it so; some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)
