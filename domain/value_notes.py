"""What is said of a stored value beside the value itself, as `AuditRecord.value_notes` keeps it."""

from collections.abc import Mapping

from domain.operation import ValueNote

Note = ValueNote | str | Mapping[str, str]
"""A word, or an object with the word under ``note`` and details beside it."""

WHOLE_IMAGE = ""
"""The name under which a note on a whole image stands."""

ESCAPED_IMAGE = "escaped_image"
"""The note on an image that was escaped whole (`domain.jsonb_safety`)."""
