"""What all tests share."""

from hypothesis import settings

settings.register_profile("sknn", max_examples=20, derandomize=True, deadline=None, database=None)
settings.load_profile("sknn")
