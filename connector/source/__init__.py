"""Any warehouse URL to a stream of Arrow record batches with declared types, read-only.

The engines' libraries are imported when a URL asks for them, not before.
"""

from connector.source.open import open_source
from connector.source.selection import CursorValue, Selection, Source

__all__ = ["CursorValue", "Selection", "Source", "open_source"]
