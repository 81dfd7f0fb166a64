// link runs one case of a Link that no front can bring about from outside, and prints what is wrong with it.
#include <cstdio>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "tradefront_core.h"

using namespace tradefront;

namespace {

int wrong = 0;
int returned = 0;  // blocks of a Link's input that were given back
bool clean = true;  // and had nothing but zeros

}  // namespace

void* operator new(std::size_t n) {
    if (void* p = std::malloc(n)) return p;
    std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t n) noexcept {
    if (n == kInputBytes) {
        returned++;
        for (std::size_t i = 0; i < n; i++) clean = clean && static_cast<const char*>(p)[i] == 0;
    }
    std::free(p);
}

namespace {

void want(bool ok, const char* what) {
    if (ok) return;
    std::printf("wrong: %s\n", what);
    wrong = 1;
}

Link::Options options() {
    Link::Options o;
    o.core_id = "link", o.instance = "00000000-0000-4000-8000-000000000001", o.trading_day = "20261127";
    return o;
}

void feed(Link& link, Bytes bytes) {
    while (!bytes.empty()) bytes = link.feed(bytes, 0);
}

// accepted logs a front in and forgets what the link answered.
void accepted(Link& link) {
    std::string in;
    LinkIdentity who;
    who.front_id = 1, who.process = "00000000-0000-4000-8000-000000000002", who.broker_id = "9999";
    Writer(in, tid::link_login).field(who).end();
    feed(link, in);
    Event e;
    want(link.next(e) && e.kind == Event::login && link.accept(), "the login of the link");
    link.wrote(link.out().size());
}

std::uint64_t verify(Link& link, std::int32_t session) {
    std::string in;
    const SessionTag tag{1, session};
    LoginRequest request;
    request.broker_id = "9999", request.user_id = "88888888", request.password = "Secret123";
    Writer(in, tid::session_verify, &tag).field(request).field(SessionContext{}).end();
    feed(link, in);
    Event e;
    want(link.next(e) && e.kind == Event::verify, "event verify");
    return e.ticket;
}

// silent_front: it takes nothing, so that out() cannot be written. The link is given up all the same.
void silent_front() {
    Link link(options());
    link.tick(0);
    accepted(link);
    for (const std::int64_t now : {5'000, 10'000, 14'999}) link.tick(now);
    want(!link.dead() && !link.out().empty(), "a heartbeat that the front does not read");
    link.tick(15'000);
    want(link.dead() && link.fault() == Fault::silent && !link.out().empty(), "the end of a silent front");
    link.tick(15'200);
    link.tick(15'200 + kLingerMs - 1);
    want(!link.out().empty(), "the last bytes may be written for kLingerMs");
    link.tick(15'200 + kLingerMs);
    want(link.out().empty(), "out() of a dead link is given up");
}

// heartbeats: no period passes without a byte, at whichever time between two ticks the link sent its last one.
void heartbeats() {
    for (std::int64_t sent = 0; sent < 1'000; sent += 10) {
        Link link(options());
        link.tick(0);
        accepted(link);
        link.feed("", sent);
        want(link.unlimit(), "LinkCredit");
        link.wrote(link.out().size());
        std::int64_t now = 1'000;
        while (link.tick(now), link.out().empty() && now < 14'000) now += 1'000;
        want(now - sent <= 5'000, "a heartbeat within the period");
    }
}

// held: hold() says Credit 0 and nothing else, and takes what was on its way, with a bound of credit and without one.
void held() {
    for (const std::int32_t credit : {10, -1}) {
        Link::Options o = options();
        o.credit = credit, o.term = 5;
        Link link(o);
        want(!link.hold(), "no link is held before it is accepted");
        accepted(link);
        link.verified(7, verify(link, 7), VerifyResult{"88888888", '1', '0', "", "", ""});
        std::string in;
        const SessionTag tag{1, 7};
        Writer(in, tid::session_open, &tag).field(SessionRecord{}).end();
        for (std::uint32_t n = 1; n <= 10; n++) Writer(in, 0x0123, &tag).sequence(0, n).end();
        link.wrote(link.out().size());
        Frame f;
        Message m;
        Bytes data;
        LinkAccept said;
        std::size_t used = 0;
        want(link.hold() && parse_frame(link.out(), f, used) == Fault::none && used == link.out().size(), "one frame");
        want(parse_message(f.body, m) == Fault::none && m.header.tid == tid::state_change && m.find(fid::link_accept, data) && decode(data, said).ok(), "StateChange");
        want(said.credit == 0 && said.state == 'A' && said.term == 5 && said.trading_day == "20261127", "Credit 0");
        feed(link, in);
        Event e;
        int requests = 0;
        while (link.next(e)) requests += e.kind == Event::business ? 1 : 0;
        want(requests == 10, "requests on their way");
        link.refill();
        link.wrote(link.out().size());
        want(link.credit() == 0 && (credit < 0 ? link.unlimit() : link.grant(3)) && link.credit() == (credit < 0 ? -1 : 3), "credit again");
    }
}

// written: a result of write() that is none, taken for a length, changes nothing.
void written() {
    Link link(options());
    accepted(link);
    want(link.unlimit(), "LinkCredit");
    const std::string all(link.out());
    link.wrote(3);
    link.wrote(static_cast<std::size_t>(-1));
    link.wrote(all.size() - 2);
    want(link.out() == Bytes(all).substr(3), "what was not written is there");
    link.wrote(all.size() - 3);
    link.wrote(static_cast<std::size_t>(-1));
    want(link.out().empty(), "all of it was written");
}

// wiped: a connection that ends in the middle of a login, or before the login was looked at, leaves no password in memory that is given back.
void wiped() {
    static_assert(!std::is_copy_constructible_v<Link> && !std::is_move_constructible_v<Link> && !std::is_copy_assignable_v<Link>);
    std::string in;
    const SessionTag tag{1, 7};
    LoginRequest request;
    request.broker_id = "9999", request.user_id = "88888888", request.password = "Secret123";
    Writer(in, tid::session_verify, &tag).field(request).field(SessionContext{}).end();
    for (const std::size_t n : {in.size(), in.size() - 1}) {
        Link link(options());
        accepted(link);
        feed(link, Bytes(in).substr(0, n));
    }
    {
        Link link(options());
        accepted(link);
        verify(link, 7);
    }
    want(returned == 3, "three inputs were given back");
    want(clean, "with zeros");
}

// texts: an answer that cannot be written says why, and the same ticket takes another one.
void texts() {
    Link link(options());
    accepted(link);
    const std::uint64_t ticket = verify(link, 7);
    const std::string gbk = "\xC3\xDC\xC2\xEB\xB4\xED\xCE\xF3", chinese = "\xE5\xAF\x86";
    want(!link.refused(7, ticket + 1, Error{code::wrong_password, "no", ""}) && link.unwritten().ok(), "another ticket is no fault of the text");
    want(!link.refused(7, ticket, Error{code::wrong_password, gbk, ""}), "GBK");
    want(link.unwritten().fault == Fault::item && link.unwritten().item == Bytes("ErrorText") && link.unwritten().problem == Bytes("not valid UTF-8"),
         "why GBK is not sent");
    std::string text;
    while (text.size() <= 100) text += chinese;
    want(!link.refused(7, ticket, Error{code::wrong_password, text, ""}) && link.unwritten().problem == Bytes("longer than its place"), "too long");
    want(link.out().empty(), "nothing was sent");
    want(fitting(text, 100).size() == 99, "fitting ends between two characters");
    want(link.refused(7, ticket, Error{code::wrong_password, fitting(text, 100), ""}) && !link.out().empty(), "what fits is sent");
    want(fitting("abc", 3) == "abc" && fitting("abc", 2) == "ab" && fitting("", 3).empty(), "fitting of ASCII");
    want(fitting("ab c", 3) == "ab" && fitting(chinese, 2).empty(), "fitting that takes more away");
}

// granted is the sum of the LinkCredit in out().
std::int32_t granted(Link& link) {
    std::int32_t sum = 0;
    Frame f;
    std::size_t used = 0;
    for (Bytes rest = link.out(); parse_frame(rest, f, used) == Fault::none && used > 0; rest.remove_prefix(used)) {
        Message m;
        Bytes data;
        LinkCredit c;
        if (parse_message(f.body, m) == Fault::none && m.find(fid::link_credit, data) && decode(data, c).ok()) sum += c.frames;
    }
    link.wrote(link.out().size());
    return sum;
}

// credit_once: frames that grant() gave back are not given back by refill() again.
void credit_once() {
    Link::Options o = options();
    o.credit = 10;
    Link link(o);
    accepted(link);
    link.verified(7, verify(link, 7), VerifyResult{"88888888", '1', '0', "", "", ""});
    std::string in;
    const SessionTag tag{1, 7};
    Writer(in, tid::session_open, &tag).field(SessionRecord{}).end();
    for (std::uint32_t n = 1; n <= 8; n++) Writer(in, 0x0123, &tag).sequence(0, n).end();
    feed(link, in);
    Event e;
    int requests = 0;
    while (link.next(e)) requests += e.kind == Event::business ? 1 : 0;
    want(requests == 8 && link.credit() == 2, "eight requests");
    link.wrote(link.out().size());
    want(link.grant(2) && granted(link) == 2, "two are matched");
    link.refill();
    want(granted(link) == 6 && link.credit() == 10, "refill gives the rest");
    link.refill();
    want(granted(link) == 0, "and nothing more");
}

// forgotten: a core that became standby gets the ends of what it had verified; a front that sends them breaks no rule.
void forgotten() {
    const auto abort_of = [](Link& link, std::int32_t session) {
        std::string in;
        const SessionTag tag{1, session};
        Reason reason;
        reason.code = '7';
        Writer(in, tid::session_abort, &tag).field(reason).end();
        feed(link, in);
        Event e;
        want(link.next(e), "an event");
        return e.kind;
    };
    Link link(options());
    accepted(link);
    want(abort_of(link, 1) == Event::discarded, "an abort of nothing");
    want(link.verified(2, verify(link, 2), VerifyResult{}), "verified()");
    want(link.change('S', 1, "20261130") && abort_of(link, 2) == Event::abort, "an abort of what the core knew");
}

}  // namespace

int main(int, char** argv) {
    const std::string name = argv[1];
    if (name == "silent_front") silent_front();
    else if (name == "heartbeats") heartbeats();
    else if (name == "held") held();
    else if (name == "wiped") wiped();
    else if (name == "written") written();
    else if (name == "texts") texts();
    else if (name == "credit_once") credit_once();
    else if (name == "forgotten") forgotten();
    else want(false, "no such case");
    return wrong;
}
