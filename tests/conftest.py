"""What all tests share."""

import signal

from hypothesis import settings

settings.register_profile("sknn", max_examples=20, derandomize=True, deadline=None, database=None)
settings.load_profile("sknn")

# A shell starts its background jobs with Ctrl-C ignored, and Python then leaves it so; some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)
