"""Projects that upload files, each with a simulated X of its own."""

from campaigns.conftest import bureau, make_bureau

__all__ = ["bureau", "make_bureau"]
