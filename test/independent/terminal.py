#!/usr/bin/env python3
"""An independent terminal, written from docs/protocol.md alone.

It shares no code with the project: if it can log in, that page says enough. It needs
Python 3.8, its standard library, and the openssl command for AES-128-ECB and SM4-ECB.

    terminal.py --address 127.0.0.1:20016 --broker 9999 --app-id client_demo_1.0 \\
        --authcode 0123456789ABCDEF --account 88888888 --password Secret123 --key-version 1.0

authenticates, logs in, sends a heartbeat, logs out, and prints what the front recorded beside
its own socket's address as JSON. Exit status: 0 done, 1 failed, 2 misuse.
"""

import argparse
import json
import socket
import struct
import subprocess
import sys

MAX_BODY = 4096
MAX_EXTENSION = 127

TYPE_NONE, TYPE_FTDC = 0x00, 0x01
TAG_KEEP_ALIVE = 0x04
HEARTBEAT = bytes([TYPE_NONE, 2, 0, 0, TAG_KEEP_ALIVE, 0])

ERROR, USER_LOGIN, USER_LOGOUT = 0x00000001, 0x00000016, 0x00000017
FORCE_EXIT, AUTHENTICATE = 0x00001005, 0x00008001

# FID: name and items, as "Messages and fields" of the page lists them.
FIELDS = {
    0x00000005: ("Error", "ErrorCode s10, ErrorText s100, TimeStamp s20"),
    0x00000006: ("ForceExit", "ForceExitCode c1, ForceExitMsg s100"),
    0x00008001: ("AuthIdentity", "BrokerID s10, AppID s30, ProductInfo s10"),
    0x00008002: ("AuthInfo", "AuthInfo b128"),
    0x00008003: ("AuthChallenge", "TimeStamp b128"),
    0x00008004: ("AuthResult", "AppID s30, AppType c1"),
    0x00008005: ("LoginRequest", "BrokerID s10, UserID s18, Password s40, HeartbeatSeconds n3, Remark s35"),
    0x00008006: ("TerminalInfo", "KeyVersion s8, AbnormalFlag c1, Ciphertext b*"),
    0x00008007: ("LoginResponse", "BrokerID s10, UserID s18, UserType c1, TradingDay s8, LoginTime s19, "
                                  "PublicIP s39, PublicPort n5, AbnormalFlag c1, FrontID i4, SessionID i4, "
                                  "RecordID s36, SystemName s40, LastLogin s19, LastIP s39, Notice s100"),
    0x00008008: ("LogoutRequest", "BrokerID s10, UserID s18"),
}
FIDS = {name: fid for fid, (name, _) in FIELDS.items()}


class Failure(Exception):
    """What ends the program with status 1; the dict is printed."""

    def __init__(self, **what):
        super().__init__(str(what))
        self.what = what


# --- items -------------------------------------------------------------------------------


def layout(fid):
    for item in FIELDS[fid][1].split(", "):
        name, form = item.split(" ")
        yield name, form[0], form[1:]


def encode_item(name, kind, size, value):
    if kind == "b":
        data = value
        if size != "*" and len(data) != int(size):
            raise Failure(failed="argument", item=name, problem="%d bytes, not %s" % (len(data), size))
        return data
    size = int(size)
    if kind == "n":
        data = b"%0*d" % (size, value)
    elif kind == "c":
        data = value.encode("utf-8")
    elif kind == "s":
        data = value.encode("utf-8")
        if data.endswith(b" ") or any(illegal(c) for c in value):
            raise Failure(failed="argument", item=name, problem="ends in a space or has a control character")
        data = data.ljust(size, b" ")
    else:
        raise AssertionError(kind)
    if len(data) != size:
        raise Failure(failed="argument", item=name, problem="does not fit %d bytes" % size)
    return data


def illegal(character):
    code = ord(character)
    return code <= 0x1F or 0x7F <= code <= 0x9F


def decode_item(kind, data):
    if kind == "b":
        return bytes(data)
    if kind == "i":
        return struct.unpack(">i", data)[0]
    if kind == "n":
        if not data.isdigit():
            raise Failure(failed="protocol", problem="a number item with other than digits")
        return int(data)
    if kind == "c":
        return data.decode("latin-1")
    text = data.rstrip(b" ").decode("utf-8")
    if any(illegal(c) for c in text):
        raise Failure(failed="protocol", problem="a text item with a control character")
    return text


# --- fields and messages -----------------------------------------------------------------


def encode_field(name, **values):
    fid = FIDS[name]
    data = b"".join(encode_item(item, kind, size, values.pop(item)) for item, kind, size in layout(fid))
    assert not values, values
    return struct.pack(">IH", fid, len(data)) + data


def decode_field(fid, data):
    values = {}
    for name, kind, size in layout(fid):
        end = len(data) if size == "*" else int(size)
        if len(data) < end:
            raise Failure(failed="protocol", problem="%s is too short" % FIELDS[fid][0])
        values[name] = decode_item(kind, data[:end])
        data = data[end:]
    return values  # what is left belongs to a newer version


def encode_message(tid, *fields):
    content = b"".join(fields)
    body = struct.pack(">BIcHIHH", 2, tid, b"S", 0, 0, len(fields), len(content)) + content
    return struct.pack(">BBH", TYPE_FTDC, 0, len(body)) + body


def decode_message(body):
    if len(body) < 16:
        raise Failure(failed="protocol", problem="message shorter than its header")
    version, tid, chain, series, number, count, length = struct.unpack(">BIcHIHH", body[:16])
    if version != 2 or chain != b"S" or series != 0 or number != 0 or length != len(body) - 16:
        raise Failure(failed="protocol", problem="message header " + body[:16].hex())
    fields, at = {}, 16
    for _ in range(count):
        if len(body) - at < 6:
            raise Failure(failed="protocol", problem="fewer fields than counted")
        fid, size = struct.unpack(">IH", body[at:at + 6])
        at += 6
        if len(body) - at < size:
            raise Failure(failed="protocol", problem="a field reaches beyond the content")
        if fid in FIELDS:
            name = FIELDS[fid][0]
            if name in fields:
                raise Failure(failed="protocol", problem=name + " appears twice")
            fields[name] = decode_field(fid, body[at:at + size])
        at += size
    if at != len(body):
        raise Failure(failed="protocol", problem="more content than counted fields")
    return tid, fields


# --- connection --------------------------------------------------------------------------


class Front:
    def __init__(self, address, source, timeout):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection(
            (host.strip("[]"), int(port)), timeout=timeout, source_address=(source, 0) if source else None)

    def local_address(self):
        host, port = self.socket.getsockname()[:2]
        return ("[%s]:%d" if ":" in host else "%s:%d") % (host, port)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise Failure(failed="closed", problem="the front closed the connection without an answer")
            data += chunk
        return data

    def frame(self):
        kind, extension, body = struct.unpack(">BBH", self.exactly(4))
        if extension > MAX_EXTENSION or body > MAX_BODY:
            raise Failure(failed="protocol", problem="frame over its limits")
        self.check_extension(self.exactly(extension))
        return kind, self.exactly(body)

    @staticmethod
    def check_extension(data):
        while data:
            if len(data) < 2 or len(data) < 2 + data[1]:
                raise Failure(failed="protocol", problem="a tag reaches beyond the extension header")
            data = data[2 + data[1]:]

    def message(self):
        while True:  # heartbeats and unknown types are passed over
            kind, body = self.frame()
            if kind == TYPE_FTDC:
                return decode_message(body)

    def ask(self, step, tid, *fields):
        """Sends a request and returns the fields of its answer, unless that is an error."""
        self.socket.sendall(encode_message(tid, *fields))
        answer, got = self.message()
        if answer == FORCE_EXIT:
            raise Failure(failed="force-exit", **got.get("ForceExit", {}))
        if answer not in (tid, ERROR):
            raise Failure(failed="protocol", problem="TID 0x%08X in answer to 0x%08X" % (answer, tid))
        error = got.get("Error")
        if error and error["ErrorCode"] != "0":
            raise Failure(failed=step, code=int(error["ErrorCode"]), text=error["ErrorText"], time=error["TimeStamp"])
        return got

    def trade(self, count):
        """Sends business messages, each of which must come back with its number, and a fill behind it."""
        for number in range(1, count + 1):
            data = b"order %d" % number
            content = struct.pack(">IH", 0x7001, len(data)) + data
            body = struct.pack(">BIcHIHH", 2, 0x3002, b"S", 0, number, 1, len(content)) + content
            self.socket.sendall(struct.pack(">BBH", TYPE_FTDC, 0, len(body)) + body)
            answer, fill = self.body(), self.body()
            if answer != body:
                raise Failure(failed="trade", problem="%s came back for %s" % (answer.hex(), body.hex()))
            if struct.unpack(">IcHI", fill[1:12]) != (0x1001, b"S", 1, number):
                raise Failure(failed="trade", problem="the fill is " + fill.hex())

    def body(self):
        while True:
            kind, body = self.frame()
            if kind == TYPE_FTDC:
                return body

    def closed(self):
        """Wants the front to close, with nothing but heartbeats before."""
        while True:
            try:
                kind, _ = self.frame()
            except Failure as failure:
                if failure.what["failed"] == "closed":
                    return
                raise
            if kind == TYPE_FTDC:
                raise Failure(failed="protocol", problem="a message after the answer to the logout")


def need(fields, *names):
    for name in names:
        if name not in fields:
            raise Failure(failed="protocol", problem="no %s in the answer" % name)


CIPHERS = {"aes": "-aes-128-ecb", "sm4": "-sm4-ecb"}


def answer_challenge(cipher, authcode, challenge):
    key = authcode.encode("ascii")
    if len(key) != 16:
        raise Failure(failed="argument", item="authcode", problem="%d bytes, not 16" % len(key))
    done = subprocess.run(["openssl", "enc", CIPHERS[cipher], "-nopad", "-K", key.hex()],
                          input=challenge, stdout=subprocess.PIPE, check=True)
    return done.stdout


# --- one login, start to end -------------------------------------------------------------


def run(args):
    ciphertext = bytes(range(256))
    if args.ciphertext_file:
        with open(args.ciphertext_file, "rb") as file:
            ciphertext = file.read()
    front = Front(args.address, args.source_address, args.timeout)
    with front.socket:
        identity = encode_field("AuthIdentity", BrokerID=args.broker, AppID=args.app_id, ProductInfo="python")
        got = front.ask("authenticate", AUTHENTICATE, identity)
        need(got, "AuthChallenge")
        info = encode_field("AuthInfo", AuthInfo=answer_challenge(
            args.cipher, args.authcode, got["AuthChallenge"]["TimeStamp"]))
        admitted = front.ask("authenticate", AUTHENTICATE, identity, info)
        need(admitted, "AuthResult", "Error")

        login = front.ask(
            "login", USER_LOGIN,
            encode_field("LoginRequest", BrokerID=args.broker, UserID=args.account, Password=args.password,
                         HeartbeatSeconds=args.heartbeat, Remark=args.remark),
            encode_field("TerminalInfo", KeyVersion=args.key_version, AbnormalFlag=args.flag, Ciphertext=ciphertext))
        need(login, "LoginResponse", "Error")
        front.socket.sendall(HEARTBEAT)

        front.trade(args.trades)

        result = {"local_address": front.local_address(), **admitted["AuthResult"],
                  **login["LoginResponse"], "ErrorText": login["Error"]["ErrorText"],
                  "TimeStamp": login["Error"]["TimeStamp"], "trades": args.trades}
        logout = front.ask("logout", USER_LOGOUT,
                           encode_field("LogoutRequest", BrokerID=args.broker, UserID=args.account))
        need(logout, "Error")
        front.closed()
    return result


def arguments():
    parser = argparse.ArgumentParser(description="One login at a tradefront, from outside.")
    parser.add_argument("--address", required=True, help="host:port of the front")
    parser.add_argument("--broker", required=True)
    parser.add_argument("--app-id", required=True)
    parser.add_argument("--authcode", required=True, help="16 characters")
    parser.add_argument("--cipher", choices=sorted(CIPHERS), default="aes", help="what the firm agreed on for this AppID")
    parser.add_argument("--account", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--key-version", required=True)
    parser.add_argument("--ciphertext-file", help="raw ciphertext; without it the bytes 00 to FF are sent")
    parser.add_argument("--flag", default="0", help="AbnormalFlag, one character")
    parser.add_argument("--heartbeat", type=int, default=0, help="HeartbeatSeconds")
    parser.add_argument("--remark", default="")
    parser.add_argument("--source-address", help="address of this machine to connect from")
    parser.add_argument("--timeout", type=float, default=10, help="seconds to wait for each answer")
    parser.add_argument("--trades", type=int, default=0, help="business messages to send to an independent core")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a readable form")
    return parser.parse_args()


def main():
    args = arguments()
    status = 0
    try:
        what = run(args)
    except Failure as failure:
        what, status = failure.what, 1
    except (OSError, UnicodeError, subprocess.SubprocessError) as error:
        what, status = {"failed": "system", "problem": str(error)}, 1
    print(json.dumps(what, ensure_ascii=False, indent=None if args.json else 2))
    sys.exit(status)


if __name__ == "__main__":
    main()
