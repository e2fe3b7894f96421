"""What the command line, schedulers and scripts call; one function for each job.

>>> from connector import api
>>> summary = api.sync(api.load("config.yaml"), api.Wanted(names=["purchases"]), api.Edges())
"""

import lazy_loader

# A name is loaded when it is first asked for: a command needs few of them, and all together take a
# quarter of a second.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
