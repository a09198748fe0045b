"""Receiving files: no more of one is kept, in memory or on disk, than the portal would take."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from providers.workbook.form import FORM_LIMITS


class LimitedUploads(FileUploadHandler):
    """The first handler of every upload: stops keeping a file that is too large, and says so on the request."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass a piece on, unless the file is too large by now; the rest is read from the line and thrown away."""
        if start + len(raw_data) > FORM_LIMITS.file_bytes:
            request: Any = self.request
            request.has_too_large_file = True
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave it to the next handler to make the file."""
