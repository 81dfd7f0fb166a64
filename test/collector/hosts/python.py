"""Prints what the package finds, and what children of multiprocessing get after the parent has used it."""

import json
import multiprocessing

import tradefront_collector


def in_child(_):
    try:
        return "ok" if tradefront_collector.collect().field else "no field"
    except tradefront_collector.CollectError as e:
        return str(e.code)


def child_of(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        return pool.apply_async(in_child, (0,)).get(timeout=30)


def main():
    info = tradefront_collector.collect()
    clear = {item.name: item.masked for item in tradefront_collector.collect(clear=True).items}
    print(json.dumps({
        "code": info.code, "missing": info.missing, "flag": info.flag, "version": tradefront_collector.Library().version,
        "names": [item.name for item in info.items], "states": [item.state for item in info.items],
        "fork": child_of("fork"), "forkserver": child_of("forkserver"), "spawn": child_of("spawn"), "clear": clear["os_version"],
    }))


if __name__ == "__main__":
    main()
