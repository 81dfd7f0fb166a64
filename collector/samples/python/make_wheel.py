"""python3 make_wheel.py LIBRARY FOLDER [VERSION [PLATFORM]]: packs the package and a collection library as a wheel. It needs no compiler and no module
but Python's own; the same library and version make the same bytes. Without PLATFORM the library's own header tells it."""

import base64
import hashlib
import os
import re
import sys
import zipfile

NAME = "tradefront_collector"
HERE = os.path.dirname(os.path.abspath(__file__))
OLDEST = (1980, 1, 1, 0, 0, 0)  # of a zip file's times

METADATA = """Metadata-Version: 2.1
Name: tradefront-collector
Version: {version}
Summary: Collects and encrypts the terminal information of a futures trading terminal
Requires-Python: >=3.7
"""

WHEEL = """Wheel-Version: 1.0
Generator: make_wheel
Root-Is-Purelib: false
Tag: py3-none-{platform}
"""


# The machines of ELF headers (e_machine) that collection libraries are built for.
MACHINES = {62: "linux_x86_64", 183: "linux_aarch64"}


def platform_of(library):
    if library[:2] == b"MZ":
        return "win_amd64"
    machine = int.from_bytes(library[18:20], "little") if library[:4] == b"\x7fELF" else 0
    if machine not in MACHINES:
        sys.exit("the library is of no platform that is known: name PLATFORM")
    return MACHINES[machine]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def record(files):
    lines = []
    for name, data in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append("%s,sha256=%s,%d\n" % (name, digest, len(data)))
    return "".join(lines)


def main(library, folder, version="0.0.0", platform=None):
    platform = platform or platform_of(read(library))
    if not re.match(r"^[0-9]+(\.[0-9]+)*$", version):
        version = "0.0.0"  # a version of git is none of Python's
    info = "%s-%s.dist-info" % (NAME, version)
    files = [(NAME + "/" + source, read(os.path.join(HERE, NAME, source))) for source in ("__init__.py", "__main__.py")]
    files.append((NAME + "/" + os.path.basename(library), read(library)))
    files.append((info + "/METADATA", METADATA.format(version=version).encode()))
    files.append((info + "/WHEEL", WHEEL.format(platform=platform).encode()))
    files.append((info + "/RECORD", (record(files) + info + "/RECORD,,\n").encode()))
    path = os.path.join(folder, "%s-%s-py3-none-%s.whl" % (NAME, version, platform))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files:
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            wheel.writestr(entry, data)
    print(path)


if len(sys.argv) < 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
