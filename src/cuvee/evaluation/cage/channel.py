"""Messages over a pair of pipes: eight bytes that say how long, then the message."""

import os

MOST = 64 << 20  # bytes of a message


class ClosedError(Exception):
    """The other side has gone, or says what is no message."""


class Channel:
    """The two ends that this process has: one to read from, one to write to."""

    def __init__(self, read_end: int, write_end: int) -> None:
        self.read_end, self.write_end = read_end, write_end

    def send(self, message: bytes) -> None:
        """Raises ClosedError."""
        rest = memoryview(len(message).to_bytes(8, "little") + message)
        try:
            while rest:
                rest = rest[os.write(self.write_end, rest) :]
        except OSError as wrong:
            raise ClosedError("it left before its tests had run") from wrong

    def receive(self) -> bytes:
        """Raises ClosedError."""
        size = int.from_bytes(self._read(8), "little")
        if size > MOST:
            raise ClosedError("it said more than can be read")
        return self._read(size)

    def _read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            part = os.read(self.read_end, min(missing, 1 << 20))
            if not part:
                raise ClosedError("it left before its tests had run")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
