#!/usr/bin/env python3
"""An independent relay of both modes, written from docs/protocol.md and docs/relay.md alone.

It shares no code with the project; its framing is that of terminal.py beside it. It needs Python 3.8, its standard
library, and the openssl command.

    relay.py investor --address A --broker 9999 --app-id R --authcode C --account 88888888 --password P --terminal-app T
        logs one customer in through a many-to-many relay
    relay.py operator --address A … --account 8000admin --password P --terminal-app T --customers 88888888,66666666
        logs an operator in, submits a terminal of each customer, ends it, logs out
    relay.py flood --address A … --count 65535
        as operator, but writes all submissions at once, far over the window
    relay.py bad --address A … --stranger 77777777 --unknown 00000000
        sends what a relay must not send, and compares each answer with the page
    relay.py check
        compares its frames with the page's example

What was answered is printed as JSON. Exit status: 0 as the page says, 1 not, 2 misuse.
"""

import argparse
import datetime
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid

import terminal
from terminal import AUTHENTICATE, FORCE_EXIT, USER_LOGIN, USER_LOGOUT, Failure, encode_field, encode_message, need

TERMINAL_SUBMIT, TERMINAL_END = 0x00008002, 0x00008003

terminal.FIELDS.update({
    0x00008009: ("RelayedTerminal", "AppID s30, PublicIP s39, PublicPort n5, LoginTime s19, TerminalType c1"),
    0x0000800A: ("SubmitRequest", "BrokerID s10, UserID s18, SubmitID s36, Attempt c1"),
    0x0000800B: ("SubmitResponse", "BrokerID s10, UserID s18, UserType c1, TradingDay s8, SubmitID s36, RecordID s36, "
                                   "AbnormalFlag c1"),
    0x0000800C: ("RelayRecorded", "RelayAppID s30, RelayIP s39, RelayPort n5, RelayLoginTime s19"),
    0x0000800D: ("RelayTerms", "Window n5, Rate n6, Burst n6, MaxTerminalAge n6, Features c1"),
    0x0000800E: ("SubmitRef", "SubmitID s36"),
    0x0000800F: ("TerminalTag", "MAC s40, Tag s150"),
})
terminal.FIDS.update({name: fid for fid, (name, _) in terminal.FIELDS.items()})

ZONE = datetime.timezone(datetime.timedelta(hours=8))


def wall(offset=0.0):
    """LoginTime of now, or some seconds from now."""
    return datetime.datetime.fromtimestamp(time.time() + offset, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def submit_id(offset=0.0):
    """A UUID of version 7, of now or some seconds from now."""
    data = bytearray(int((time.time() + offset) * 1000).to_bytes(6, "big") + os.urandom(10))
    data[6] = 0x70 | data[6] & 0x0F
    data[8] = 0x80 | data[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(data)))


# --- what one terminal is ------------------------------------------------------------------


class Visit:
    """One terminal as the relay saw it. Any item may be changed, also to what is not allowed."""

    def __init__(self, args, account, ciphertext, number=1):
        self.broker, self.account, self.attempt = args.broker, account, "0"
        self.submit_id = submit_id()
        self.app_id, self.ip, self.port = args.terminal_app, args.terminal_ip, 50000 + number % 10000
        self.login_time, self.type = wall(-2), "2"
        self.key_version, self.flag, self.ciphertext = args.key_version, "0", ciphertext
        self.tag = None

    def request(self):
        return encode_field("SubmitRequest", BrokerID=self.broker, UserID=self.account, SubmitID=self.submit_id,
                            Attempt=self.attempt)

    def terminal(self):
        return encode_field("RelayedTerminal", AppID=self.app_id, PublicIP=self.ip, PublicPort=self.port,
                            LoginTime=self.login_time, TerminalType=self.type)

    def info(self):
        return encode_field("TerminalInfo", KeyVersion=self.key_version, AbnormalFlag=self.flag,
                            Ciphertext=self.ciphertext)

    def fields(self):
        fields = [self.request(), self.terminal(), self.info()]
        if self.tag:
            fields.append(encode_field("TerminalTag", MAC=self.tag[0], Tag=self.tag[1]))
        return fields

    def frame(self):
        return encode_message(TERMINAL_SUBMIT, *self.fields())

    def record_id(self, relay_app):
        """The RecordID that the page promises for this submission."""
        content = relay_app.encode("utf-8").ljust(30) + self.request()[6:-1] + self.terminal()[6:] + self.info()[6:]
        digest = hashlib.sha256(b"tradefront relay record 1\0" + content).digest()
        data = bytearray(uuid.UUID(self.submit_id).bytes[:6] + digest[:10])
        data[6] = 0x80 | data[6] & 0x0F
        data[8] = 0x80 | data[8] & 0x3F
        return str(uuid.UUID(bytes=bytes(data)))


def customers_text(account, number):
    return "2@%s@192.168.1.%d@@00155D01AB02@@desk%d@Debian12@86D6C8Z6T@BFEBFBFF000306C3@PCOCJEY5" % (
        wall(-5), number % 250 + 1, number)


def encrypt(args, account, number):
    """The ciphertext that a terminal's collection library would make; it is made anew each time."""
    if not args.public_key:
        return os.urandom(256)
    done = subprocess.run(["openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", args.public_key],
                          input=customers_text(account, number).encode("utf-8"), stdout=subprocess.PIPE, check=True)
    return done.stdout


# --- connections ---------------------------------------------------------------------------


def connect(args, app_id=None, authcode=None, address=None):
    """Authenticates, as the relay unless another AppID is given; returns the connection and the AppType."""
    front = terminal.Front(address or args.address, args.source_address, args.timeout)
    identity = encode_field("AuthIdentity", BrokerID=args.broker, AppID=app_id or args.app_id, ProductInfo="python")
    got = front.ask("authenticate", AUTHENTICATE, identity)
    need(got, "AuthChallenge")
    info = encode_field("AuthInfo", AuthInfo=terminal.answer_challenge(
        args.cipher, authcode or args.authcode, got["AuthChallenge"]["TimeStamp"]))
    admitted = front.ask("authenticate", AUTHENTICATE, identity, info)
    need(admitted, "AuthResult", "Error")
    return front, admitted["AuthResult"]["AppType"]


def login_fields(args, account, password, visit=None, ciphertext=None):
    fields = [encode_field("LoginRequest", BrokerID=args.broker, UserID=account, Password=password,
                           HeartbeatSeconds=30, Remark="")]
    if visit:
        return fields + [visit.info(), visit.terminal()]
    return fields + [encode_field("TerminalInfo", KeyVersion=args.key_version, AbnormalFlag="0", Ciphertext=ciphertext)]


def operator(args):
    """A connection that has logged its operator in, and the front's terms."""
    front, app_type = connect(args)
    if app_type != "3":
        raise Failure(failed="protocol", problem="AppType %s, not 3" % app_type)
    got = front.ask("login", USER_LOGIN,
                    *login_fields(args, args.account, args.password, ciphertext=encrypt(args, args.account, 0)))
    need(got, "LoginResponse", "RelayTerms", "Error")
    if got["LoginResponse"]["UserType"] != "2":
        raise Failure(failed="protocol", problem="the operator is of user type " + got["LoginResponse"]["UserType"])
    return front, got["RelayTerms"], got["LoginResponse"]


def logout(args, front):
    need(front.ask("logout", USER_LOGOUT, encode_field("LogoutRequest", BrokerID=args.broker, UserID=args.account)), "Error")
    front.closed()


def code_of(fields):
    need(fields, "Error")
    return int(fields["Error"]["ErrorCode"])


def ref_of(fields):
    text = fields["Error"]["ErrorText"]
    return text[text.rindex("[ref ") + 5:-1] if text.endswith("]") and "[ref " in text else ""


def check_submitted(args, visit, fields):
    """The answer 0 to a submission, item by item."""
    need(fields, "SubmitResponse", "RelayRecorded")
    response, relay = fields["SubmitResponse"], fields["RelayRecorded"]
    want = {"BrokerID": args.broker, "UserID": visit.account, "UserType": "2", "SubmitID": visit.submit_id,
            "RecordID": visit.record_id(args.next_app or args.app_id)}
    for name, value in want.items():
        if response[name] != value:
            raise Failure(failed="answer", item=name, got=response[name], want=value)
    if relay["RelayAppID"] != (args.next_app or args.app_id):
        raise Failure(failed="answer", item="RelayAppID", got=relay["RelayAppID"])
    return {**response, **relay}


# --- modes ---------------------------------------------------------------------------------


def investor(args):
    front, app_type = connect(args)
    with front.socket:
        visit = Visit(args, args.account, encrypt(args, args.account, 1))
        got = front.ask("login", USER_LOGIN, *login_fields(args, args.account, args.password, visit))
        need(got, "LoginResponse", "RelayRecorded", "Error")
        response, relay = got["LoginResponse"], got["RelayRecorded"]
        want = {"UserID": args.account, "PublicIP": visit.ip, "PublicPort": visit.port, "LoginTime": visit.login_time}
        for name, value in want.items():
            if response[name] != value:
                raise Failure(failed="answer", item=name, got=response[name], want=value)
        local = front.local_address()
        logout(args, front)
    return {"local_address": local, "AppType": app_type, **response, **relay}


def submit_all(args):
    """Submits a terminal of each customer without waiting for answers, and reports an answer twice nowhere."""
    front, terms, login = operator(args)
    with front.socket:
        visits, answers, waiting = {}, [], []
        for number, account in enumerate(args.customers.split(",")):
            visit = Visit(args, account, encrypt(args, account, number), number)
            visits[visit.submit_id] = visit
            waiting.append(visit)
        unanswered = 0
        while waiting or unanswered:
            while waiting and unanswered < terms["Window"]:
                front.socket.sendall(waiting.pop(0).frame())
                unanswered += 1
            tid, fields = front.message()
            if tid != TERMINAL_SUBMIT:
                raise Failure(failed="protocol", problem="TID 0x%08X" % tid)
            unanswered -= 1
            name = fields.get("SubmitResponse", fields.get("SubmitRef", {})).get("SubmitID")
            visit = visits.pop(name, None)
            if visit is None:
                raise Failure(failed="protocol", problem="an answer to %s, which waits for none" % name)
            if code_of(fields) == 0:
                answers.append({"answer": 0, **check_submitted(args, visit, fields), "login_time": visit.login_time,
                                "ip": visit.ip, "port": visit.port, "app": visit.app_id})
            else:
                answers.append({"answer": code_of(fields), "UserID": visit.account, "ref": ref_of(fields)})
        for answer in answers:
            if answer["answer"] == 0:
                ended = front.ask("end", TERMINAL_END, encode_field("SubmitRef", SubmitID=answer["SubmitID"]))
                need(ended, "SubmitRef", "Error")
        local = front.local_address()
        logout(args, front)
    return {"local_address": local, "terms": terms, "operator": login, "answers": answers}


def flood(args):
    """All at once. The front answers what it takes, refuses what is over its window, and closes in the end: no more
    than it was sent is answered, and each once."""
    front, terms, _ = operator(args)
    with front.socket:
        visits = [Visit(args, args.customers.split(",")[0], os.urandom(256), number) for number in range(args.count)]
        data = b"".join(visit.frame() for visit in visits)
        front.socket.settimeout(60)

        def write():
            try:
                front.socket.sendall(data)
            except OSError:
                pass  # the front has closed: what it answered is what counts

        writer = threading.Thread(target=write)
        writer.start()
        left = {visit.submit_id for visit in visits}
        codes, closed = {}, False
        while left and not closed:
            try:
                tid, fields = front.message()
            except (Failure, OSError):
                closed = True
                continue
            if tid == FORCE_EXIT:
                continue
            name = fields.get("SubmitResponse", fields.get("SubmitRef", {})).get("SubmitID")
            if name not in left:
                raise Failure(failed="protocol", problem="an answer to %s, which waits for none" % name)
            left.remove(name)
            code = str(code_of(fields))
            codes[code] = codes.get(code, 0) + 1
        try:
            front.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        writer.join()
    return {"sent": len(visits), "codes": codes, "unanswered": len(left), "closed": closed, "terms": terms}


# --- what a relay must not send ---------------------------------------------------------------


class Bad:
    """Cases, each with the codes that the page allows. CLOSED means a connection that is closed unanswered."""

    CLOSED = -1

    def __init__(self, args):
        self.args, self.results, self.number = args, [], 0
        self.front, self.terms, _ = operator(args)

    def visit(self, **change):
        self.number += 1
        account = self.args.customers.split(",")[0]
        visit = Visit(self.args, account, encrypt(self.args, account, self.number), self.number)
        for name, value in change.items():
            setattr(visit, name, value)
        return visit

    def send(self, front, frame):
        """The code that a frame is answered by, the fields of the answer."""
        try:
            front.socket.sendall(frame)
            _, fields = front.message()
            return code_of(fields), fields
        except Failure as failure:
            if failure.what["failed"] != "closed":
                raise
            return self.CLOSED, {}
        except ConnectionError:
            return self.CLOSED, {}

    def note(self, case, want, code, fields, **more):
        wants = want if isinstance(want, tuple) else (want,)
        result = {"case": case, "code": code, "want": list(wants), "ok": code in wants, **more}
        if fields and code:
            result["ref"] = ref_of(fields)
        if "SubmitResponse" in fields:
            result.update(fields["SubmitResponse"])
        self.results.append(result)
        return result

    def submit(self, case, want, frame=None, flag=None, same_as=None, **change):
        """One submission on the operator's connection, which must outlive each refusal."""
        visit = self.visit(**change)
        code, fields = self.send(self.front, frame(visit) if frame else visit.frame())
        result = self.note(case, want, code, fields)
        if code > 0 and "SubmitRef" not in fields:
            result["ok"], result["problem"] = False, "no SubmitRef"
        elif code > 0 and frame is None and fields["SubmitRef"]["SubmitID"] != visit.submit_id:
            result["ok"], result["problem"] = False, "the SubmitRef of another submission"
        if code == 0:
            check_submitted(self.args, visit, fields)
            if flag and fields["SubmitResponse"]["AbnormalFlag"] != flag:
                result["ok"], result["problem"] = False, "flag %s, want %s" % (result["AbnormalFlag"], flag)
        if code == self.CLOSED:
            self.front.socket.close()
            self.front, self.terms, _ = operator(self.args)
        return visit, result

    def login(self, case, want, app_id, authcode, relayed, account=None, password=None, address=None):
        """A UserLogin on a connection of its own."""
        try:
            front, _ = connect(self.args, app_id, authcode, address)
        except Failure as failure:
            if "code" not in failure.what:
                raise
            text = failure.what["text"]
            self.note(case, want, failure.what["code"], {"Error": {"ErrorText": text, "ErrorCode": str(failure.what["code"])}})
            return
        with front.socket:
            visit = self.visit()
            fields = login_fields(self.args, account or self.args.account, password or self.args.password,
                                  visit if relayed else None, visit.ciphertext)
            self.note(case, want, *self.send(front, encode_message(USER_LOGIN, *fields)))

    def run(self):
        self.submission_ids()
        self.items()
        self.addresses()
        self.terminal_infos()
        self.malformed()
        self.states()
        logout(self.args, self.front)
        return {"cases": len(self.results), "wrong": [r for r in self.results if not r["ok"]], "results": self.results}

    def submission_ids(self):
        self.submit("SubmitID of version 4", 15, submit_id=str(uuid.uuid4()))
        self.submit("SubmitID of tomorrow", 15, submit_id=submit_id(86400))
        self.submit("SubmitID 20 minutes old", 15, submit_id=submit_id(-1200))
        self.submit("SubmitID in upper case", 15, submit_id=submit_id().upper())
        self.submit("no SubmitID", 15, submit_id="")
        self.submit("SubmitID with another variant", 15, submit_id=submit_id()[:19] + "c" + submit_id()[20:])
        first, one = self.submit("a submission", 0)
        again = {**first.__dict__, "attempt": "1"}
        _, two = self.submit("the same again", 0, **again)
        _, other = self.submit("its SubmitID for other content", 0, **{**again, "port": first.port + 1, "flag": "3"})
        two["ok"] &= two.get("RecordID") == one.get("RecordID")
        other["ok"] &= other.get("RecordID") != one.get("RecordID")
        self.submit("Attempt 2", 15, attempt="2")

    def items(self):
        self.submit("another broker", 2, broker="0000")
        self.submit("no account", (9, 15), account="")
        if self.args.stranger:
            self.submit("an account out of scope", 9, account=self.args.stranger)
        if self.args.unknown:
            self.submit("an account that does not exist", 9, account=self.args.unknown)
        self.submit("no AppID", (15, 63), app_id="")
        self.submit("an unknown AppID", 63, app_id="client_none_9.9")
        for text in ("client_demo", "client_demo_1.0_x", "abcdefghijk_demo_1.0", "client_demo_123456789"):
            self.submit("AppID %s" % text, 63, app_id=text)
        self.submit("AppID with @", 15, app_id="client@demo_1.0")
        self.submit("the relay's own AppID", 63, app_id=self.args.app_id)
        self.submit("LoginTime of 2019", 15, login_time="2019-01-21 08:00:00")
        self.submit("LoginTime of tomorrow", 15, login_time=wall(86400))
        for text in ("20190121", "08:44:58", "2026-02-30 08:00:00", "2026-01-05T08:44:58", ""):
            self.submit("LoginTime %r" % text, 15, login_time=text)
        self.submit("terminal type 8", 15, type="8")
        self.submit("terminal type x", 15, type="x")
        self.submit("a tag", 0, tag=("02:00:00:00:00:01", "8f0e…|13800000000"))
        self.submit("NUL for padding", 15, frame=lambda v: v.frame().replace(b" " * 10, b"\0" * 10, 1))

    def addresses(self):
        for text in ("2001:db8::7", "2001:0DB8:0000:0000:0000:0000:0000:0007", "2001:db8:0:0::7", "::ffff:203.0.113.7",
                     "::ffff:cb00:7107", "64:ff9b::203.0.113.7"):
            self.submit("address " + text, 0, ip=text)
        for text in ("fe80::1%eth0", "203.0.113.7%1", "203.0.113", "203.0.113.256", "0x7f.1", "[2001:db8::7]", "localhost",
                     "203.0.113.7:50001", "203.000.113.007"):
            self.submit("address " + text, (15, 49), ip=text)
        self.submit("unspecified address", 49, ip="0.0.0.0")
        self.submit("unspecified IPv6 address", 49, ip="::")
        self.submit("no address", (15, 49), ip="")
        self.submit("an order by telephone without an address", (0, 15, 49) if self.args.offline else (15, 49),
                    type="6", ip="", port=0)
        self.submit("port 0", 49, port=0)
        self.submit("port 65536", 15, port=65536)

    def terminal_infos(self):
        self.submit("255 bytes of ciphertext", 0, flag="3", ciphertext=os.urandom(255))
        self.submit("no ciphertext", 0, flag="1", ciphertext=b"")
        self.submit("an unknown key version", 0, flag="2", key_version="9.9")
        first, _ = self.submit("a ciphertext", 0, flag="0")
        seen = {"ciphertext": first.ciphertext}
        self.submit("the same ciphertext on the same visit", 0, flag="0", **seen, account=first.account, ip=first.ip,
                    port=first.port, login_time=first.login_time)
        self.submit("the same ciphertext on another visit", 0, flag="3", **seen, port=first.port + 1)

    def malformed(self):
        closed = self.CLOSED
        self.submit("no RelayedTerminal", closed, lambda v: encode_message(TERMINAL_SUBMIT, v.request(), v.info()))
        self.submit("no TerminalInfo", closed, lambda v: encode_message(TERMINAL_SUBMIT, v.request(), v.terminal()))
        self.submit("no SubmitRequest", closed, lambda v: encode_message(TERMINAL_SUBMIT, v.terminal(), v.info()))
        self.submit("SubmitRequest twice", closed, lambda v: encode_message(TERMINAL_SUBMIT, v.request(), *v.fields()))
        self.submit("RelayedTerminal cut short", closed, lambda v: encode_message(
            TERMINAL_SUBMIT, v.request(), struct.pack(">IH", 0x8009, 93) + v.terminal()[6:-1], v.info()))

    def states(self):
        args = self.args
        bare = terminal.Front(args.address, args.source_address, args.timeout)
        with bare.socket:
            self.note("a submission before authentication", self.CLOSED, *self.send(bare, self.visit().frame()))
        front, _ = connect(args)
        with front.socket:
            self.note("a submission before the login", 6, *self.send(front, self.visit().frame()))
        self.login("an operator's login with RelayedTerminal", 27, None, None, True)
        if args.investor_app:
            customer = args.customers.split(",")[0]
            self.login("a customer's login without RelayedTerminal", 27, args.investor_app, args.investor_authcode, False,
                       customer, args.customer_password)
            front, _ = connect(args, args.investor_app, args.investor_authcode)
            with front.socket:
                self.note("a submission on a many-to-many relay", (6, 27), *self.send(front, self.visit().frame()))
            self.login("a customer is no operator", 9, None, None, False, customer, args.customer_password)
        if args.direct_authcode:
            self.login("a terminal on a relays' listener", 63, args.terminal_app, args.direct_authcode, False)
            if args.terminals_address:
                self.login("a relay on a terminals' listener", 63, None, None, False, address=args.terminals_address)
                self.login("RelayedTerminal on a direct AppID", 27, args.terminal_app, args.direct_authcode, True,
                           args.customers.split(",")[0], args.customer_password, address=args.terminals_address)


# --- the page's example --------------------------------------------------------------------


def check(_):
    args = argparse.Namespace(broker="9999", terminal_app="client_demo_1.0", terminal_ip="203.0.113.7", key_version="1.0")
    visit = Visit(args, "88888888", bytes(range(256)))
    visit.submit_id, visit.port, visit.login_time = "019b7c1e-5c00-7d4e-8a3b-0123456789ab", 50001, "2026-01-05 08:44:58"
    submit = visit.frame()
    got = {"TerminalSubmit": len(submit), "UserLogin": len(encode_message(USER_LOGIN, *login_fields(
        args, "88888888", "Secret123", visit))), "RecordID": visit.record_id("abcdef_relay_1.6.0"),
        "sha256": hashlib.sha256(submit).hexdigest()}
    want = {"TerminalSubmit": 462, "UserLogin": 503, "RecordID": "019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"}
    for name, value in want.items():
        if got[name] != value:
            raise Failure(failed="check", item=name, got=got[name], want=value)
    return {**got, "hex": submit.hex()}


# --- command line --------------------------------------------------------------------------


def arguments():
    parser = argparse.ArgumentParser(description="A relay at a tradefront, from outside.")
    parser.add_argument("mode", choices=["investor", "operator", "flood", "bad", "check"])
    parser.add_argument("--address", help="host:port of the front's listener for relays")
    parser.add_argument("--terminals-address", help="host:port of its listener for terminals")
    parser.add_argument("--broker", default="9999")
    parser.add_argument("--app-id", help="the RelayAppID")
    parser.add_argument("--next-app", help="below another relay: the RelayAppID of the one next to the front")
    parser.add_argument("--authcode", help="16 characters")
    parser.add_argument("--cipher", choices=sorted(terminal.CIPHERS), default="aes")
    parser.add_argument("--account", help="who logs in: the customer, or the operator")
    parser.add_argument("--password")
    parser.add_argument("--customers", default="", help="accounts that an operator reports for, with commas")
    parser.add_argument("--customer-password", default="")
    parser.add_argument("--terminal-app", help="AppID of the terminals")
    parser.add_argument("--terminal-ip", default="203.0.113.7")
    parser.add_argument("--direct-authcode", default="", help="of that AppID")
    parser.add_argument("--investor-app", default="", help="a many-to-many relay, for bad")
    parser.add_argument("--investor-authcode", default="")
    parser.add_argument("--stranger", default="", help="an account that exists and is out of scope")
    parser.add_argument("--unknown", default="", help="an account that does not exist")
    parser.add_argument("--offline", action="store_true", help="the front takes orders by telephone without an address")
    parser.add_argument("--key-version", default="1.0")
    parser.add_argument("--public-key", help="PEM of that version; without it ciphertexts are random bytes")
    parser.add_argument("--count", type=int, default=65535, help="submissions of flood")
    parser.add_argument("--source-address", help="address of this machine to connect from")
    parser.add_argument("--timeout", type=float, default=20, help="seconds to wait for each answer")
    return parser.parse_args()


def main():
    args = arguments()
    status = 0
    try:
        what = {"investor": investor, "operator": submit_all, "flood": flood, "check": check,
                "bad": lambda a: Bad(a).run()}[args.mode](args)
        if what.get("wrong"):
            status = 1
    except Failure as failure:
        what, status = failure.what, 1
    except (OSError, UnicodeError, subprocess.SubprocessError) as error:
        what, status = {"failed": "system", "problem": str(error)}, 1
    print(json.dumps(what, ensure_ascii=False))
    sys.exit(status)


if __name__ == "__main__":
    main()
