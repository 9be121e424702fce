"""Read the orders, put up the walls, then be one half or the other."""

import json
import os
import sys
from contextlib import suppress

from . import trusted, untrusted, walls, wire
from .channel import Channel, ClosedError


def main() -> None:
    """Orders come as JSON on standard input. The verdict goes to the pipe that only the trusted half was given."""
    orders = json.loads(sys.stdin.buffer.read())
    channel = Channel(orders["read"], orders["write"])
    verdict = orders.get("verdict")
    try:
        walls.put_up(orders["limits"])
    except OSError as wrong:
        if verdict is None:
            channel.send(wire.Packer(exact=True).pack(untrusted.LEFT, None, "OSError", str(wrong)))
        else:
            os.write(verdict, json.dumps({"passed": False, "reason": str(wrong)[:300]}).encode())
        os._exit(1)
    if verdict is None:
        with suppress(ClosedError):
            untrusted.serve(orders["code"], orders["entry"], channel)
    else:
        os.write(verdict, trusted.judge(orders["prelude"], orders["tests"], orders["entry"], channel))
    os._exit(0)


main()
