"""python -m tradefront_collector [FILE]: prints what was collected; FILE gets the field TerminalInfo."""

import sys

from . import CollectError, collect


def main():
    try:
        info = collect()
    except CollectError as e:
        print("collecting failed:", e, file=sys.stderr)
        return 2
    sys.stdout.buffer.write(info.explain.encode())
    if len(sys.argv) > 1:
        if info.field is None:
            return 2
        with open(sys.argv[1], "wb") as f:
            f.write(info.field)
    return 0


sys.exit(main())
