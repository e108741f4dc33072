"""What an id can look like, wherever one is given: in a path, a query, a body or on the command line."""

import re

ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

TARGET = re.compile(r"[A-Za-z0-9_:-]{1,65}", re.ASCII)
"""The id of a target: an endpoint's, or a notifier's with its audience, such as ``email:operator``."""
