"""The gate: all that a request passes before Streamlit, and what is swept behind it."""

import asyncio
import logging

from starlette.middleware import Middleware
from streamlit import runtime

from aqfusion.server import client_address
from aqfusion.server.response_headers import ResponseHeaders, allowed_hosts
from aqfusion.server.upload_ledger import MEGABYTE, FileStore, UploadLedger
from aqfusion.server.upload_limits import BrowserCheck, UploadLimits
from aqfusion.server.websocket_limits import WebsocketLimits, bound_frames
from aqfusion.settings import ServerSettings

_SWEEP_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Gate:
    """One for each process: its limits, and the ledger that they share."""

    def __init__(self, settings: ServerSettings, is_browser: BrowserCheck) -> None:
        """Read limits from `settings`; `is_browser` tells whose upload it is."""
        self._settings, self._is_browser = settings, is_browser
        self.ledger = UploadLedger(settings.uploads_mb * MEGABYTE)

    def middleware(self) -> list[Middleware]:
        """Return what a request passes, the outermost first."""
        settings = self._settings
        bound_frames()
        return [
            client_address.middleware(settings.trusted_proxies),
            Middleware(
                ResponseHeaders,
                hosts=allowed_hosts(settings.allowed_hosts),
                embed_on=settings.embed_on,
            ),
            Middleware(UploadLimits, ledger=self.ledger, files=_files, is_browser=self._is_browser),
            Middleware(
                WebsocketLimits,
                ledger=self.ledger,
                files=_files,
                most_connections=settings.connections,
            ),
        ]

    async def sweep(self) -> None:
        """Drop what is left of sessions that are gone, as long as the server runs."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.ledger.sweep(runtime.get_instance().is_active_session, _files())


def _files() -> FileStore:
    manager: FileStore = runtime.get_instance().uploaded_file_mgr  # type: ignore[assignment]
    return manager
