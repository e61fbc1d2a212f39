"""Does the platform accept `model/`? Tried on its own rows, in seconds; `make test` begins here.

Each problem is one sentence that says what to change. The platform's own tests are in tests/.
"""
