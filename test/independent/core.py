#!/usr/bin/env python3
"""An independent trading core, written from docs/core.md alone.

It shares no code with the project: if a front can use it, that page says enough. It needs Python 3.8 and its
standard library. It is no trading core: it lets one account in, sends business messages back as they came, and
answers TID 0x3002 by a fill on the account's private flow, series 1.

    core.py --listen /run/core.sock --account 88888888 --password Secret123 --trading-day 20260105

prints one line of JSON for each message of the link; it ends with standard input. It refuses SessionResume
with 8, as a core of version 1 may.
"""

import argparse
import json
import os
import socket
import struct
import sys
import threading
import time
import uuid

LINK_LOGIN, VERIFY, OPEN, ABORT, CLOSE, RESUME = 0x9001, 0x9002, 0x9003, 0x9004, 0x9005, 0x9008
ERROR, IDENTITY, ACCEPT, LOGIN, RESULT, RECORD, REASON = 5, 0x9001, 0x9002, 0x8005, 0x9004, 0x9005, 0x9006
TRADE_REQUEST, TRADE = 0x3002, 0x1001
HEARTBEAT = bytes([0, 2, 0, 0, 4, 0])


class Wrong(Exception):
    """The front broke the page's rules: the link ends."""


def text(value, size):
    data = value.encode("utf-8")
    if len(data) > size:
        raise ValueError("%r is longer than %d bytes" % (value, size))
    return data.ljust(size)


def field(fid, data):
    return struct.pack(">IH", fid, len(data)) + data


def error(code, words):
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 8 * 3600))
    return field(ERROR, text(str(code), 10) + text(words, 100) + text(stamp, 20))


def message(tid, fields, series=0, number=0):
    content = b"".join(fields)
    return struct.pack(">BIcHIHH", 2, tid, b"S", series, number, len(fields), len(content)) + content


def frame(body, tag=None):
    extension = b"" if tag is None else bytes([0x40, 8]) + tag
    return struct.pack(">BBH", 1, len(extension), len(body)) + extension + body


def tag_of(extension):
    tag = None
    while extension:
        if len(extension) < 2 or len(extension) < 2 + extension[1]:
            raise Wrong("a tag reaches beyond the extension header")
        if extension[0] == 0x40 and extension[1] == 8:
            tag = extension[2:10]
        extension = extension[2 + extension[1]:]
    return tag


def fields_of(body, count):
    fields, at = {}, 16
    for _ in range(count):
        if len(body) - at < 6:
            raise Wrong("fewer fields than counted")
        fid, size = struct.unpack(">IH", body[at:at + 6])
        at += 6 + size
        if at > len(body):
            raise Wrong("a field reaches beyond the content")
        fields[fid] = body[at - size:at]
    if at != len(body):
        raise Wrong("more content than counted fields")
    return fields


class Link:
    def __init__(self, connection, args, instance):
        self.connection, self.args, self.instance = connection, args, instance
        self.sessions, self.greeted, self.fills = {}, False, 0
        self.writing = threading.Lock()

    def send(self, data):
        with self.writing:
            self.connection.sendall(data)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.connection.recv(size - len(data))
            if not chunk:
                raise Wrong("the front closed the link")
            data += chunk
        return data

    def beat(self, ended):
        while not ended.wait(1):
            try:
                self.send(HEARTBEAT)
            except OSError:
                return

    def serve(self):
        ended = threading.Event()
        try:
            while True:
                kind, extension, size = struct.unpack(">BBH", self.exactly(4))
                if extension > 127 or size > 4096:
                    raise Wrong("frame over its limits")
                tag, body = tag_of(self.exactly(extension)), self.exactly(size)
                if kind == 1:
                    self.take(tag, body)
                    if self.greeted and not hasattr(self, "beating"):
                        self.beating = threading.Thread(target=self.beat, args=(ended,), daemon=True)
                        self.beating.start()
        except (Wrong, OSError) as end:
            say(what="link ended", why=str(end))
        finally:
            ended.set()
            self.connection.close()

    def take(self, tag, body):
        if len(body) < 16:
            raise Wrong("message shorter than its header")
        version, tid, _, series, number, count, length = struct.unpack(">BIcHIHH", body[:16])
        if version != 2 or length != len(body) - 16:
            raise Wrong("message header " + body[:16].hex())
        if not self.greeted and tid != LINK_LOGIN:
            raise Wrong("a message before LinkLogin")
        if tid == LINK_LOGIN:
            self.greet(fields_of(body, count))
        elif tag is None:
            raise Wrong("a frame of a session without its tag")
        elif tid == VERIFY:
            self.verify(tag, fields_of(body, count))
        elif tid == OPEN:
            record = fields_of(body, count)[RECORD]
            self.sessions[tag] = 0
            say(what="open", session=struct.unpack(">i", tag[4:])[0], record=record[:36].decode(), day=record[55:63].decode())
        elif tid in (ABORT, CLOSE):
            self.sessions.pop(tag, None)
            reason = fields_of(body, count)[REASON]
            say(what="close" if tid == CLOSE else "abort", code=chr(reason[0]))
        elif tid == RESUME:
            self.send(frame(message(RESUME, [error(8, "会话未知 unknown session")]), tag))
        elif tag in self.sessions and series == 0:
            self.business(tag, tid, number, body)

    def greet(self, fields):
        identity = fields[IDENTITY]
        if self.greeted or identity[:3] != b"001" or len(identity) < 80:
            raise Wrong("LinkIdentity " + identity.hex())
        self.greeted = True
        accept = (text("python", 20) + text(self.instance, 36) + struct.pack(">i", 1) + b"A" +
                  text(self.args.trading_day, 8) + b"005" + struct.pack(">i", -1))
        self.send(frame(message(LINK_LOGIN, [field(ACCEPT, accept), error(0, "正确")])))
        say(what="front", broker=identity[43:53].decode().rstrip())

    def verify(self, tag, fields):
        login = fields[LOGIN]
        user, password = (login[a:b].decode("utf-8").rstrip(" ") for a, b in ((10, 28), (28, 68)))
        if (user, password) != (self.args.account, self.args.password):
            self.send(frame(message(VERIFY, [error(3, "账户或密码错误 wrong account or password")]), tag))
            return
        result = text(user, 18) + b"1" + b"0" + text("2026-01-02 09:00:00", 19) + text("198.51.100.9", 39) + text("来自独立核心", 100)
        self.send(frame(message(VERIFY, [field(RESULT, result), error(0, "正确")]), tag))

    def business(self, tag, tid, number, body):
        if number < self.sessions[tag]:
            raise Wrong("number %d behind %d" % (number, self.sessions[tag]))
        self.sessions[tag] = number
        self.send(frame(body, tag))
        if tid == TRADE_REQUEST:
            self.fills += 1
            self.send(frame(message(TRADE, [field(0x7002, b"filled")], 1, self.fills), tag))


printing = threading.Lock()


def say(**what):
    with printing:
        print(json.dumps(what, ensure_ascii=False), flush=True)


def main():
    parser = argparse.ArgumentParser(description="A core for one account, from outside.")
    parser.add_argument("--listen", required=True, help="path of a Unix socket")
    parser.add_argument("--account", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--trading-day", required=True, help="YYYYMMDD")
    args = parser.parse_args()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(args.listen)
    listener.listen()
    instance = str(uuid.uuid4())
    say(what="listening")

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=Link(connection, args, instance).serve, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    os.unlink(args.listen)


if __name__ == "__main__":
    main()
