"""What all tests have in common."""

from hypothesis import settings

settings.register_profile("openstackoid", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("openstackoid")
