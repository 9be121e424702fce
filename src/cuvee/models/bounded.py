"""The way to a server: no redirects, and no more of a response than a reply can be."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx2 import AsyncByteStream, AsyncClient, Response, Timeout

MOST = 16 << 20  # bytes of a response
MOST_ZIPPED = MOST // 256  # before it is unzipped: gzip makes at most about 1,000 bytes of one
ZIPPED = ("gzip", "deflate")


class TooLongError(Exception):
    """A response that is no reply: too long, or packed in another way."""


def client(limits: "Timeout") -> "AsyncClient":
    """Return a client that goes where it is told only: a redirect would take the key and the question somewhere else."""
    from httpx2 import AsyncByteStream, AsyncClient

    class Counted(AsyncByteStream):
        def __init__(self, stream: "AsyncByteStream", most: int) -> None:
            self.stream, self.most = stream, most

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in self.stream:
                self.most -= len(part)
                if self.most < 0:
                    raise TooLongError("the response is too long for a reply")
                yield part

        async def aclose(self) -> None:
            await self.stream.aclose()

    async def count(response: "Response") -> None:
        encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
        if encoding not in ("identity", *ZIPPED):
            raise TooLongError(f"the response is encoded as {encoding[:40]!r}")
        assert isinstance(response.stream, AsyncByteStream)
        response.stream = Counted(response.stream, MOST if encoding == "identity" else MOST_ZIPPED)

    return AsyncClient(
        timeout=limits,
        follow_redirects=False,
        headers={"Accept-Encoding": ", ".join(ZIPPED)},
        event_hooks={"response": [count]},
    )
