"""Projects with experiments, each with a simulated X of its own."""

from campaigns.conftest import behind, bureau, make_bureau

__all__ = ["behind", "bureau", "make_bureau"]
