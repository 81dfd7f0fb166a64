// link runs one case of a Link that no front can bring about from outside, and prints what is wrong with it.
#include <cstdio>

#include "tradefront_core.h"

using namespace tradefront;

namespace {

int wrong = 0;

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

}  // namespace

int main(int, char** argv) {
    const std::string name = argv[1];
    if (name == "silent_front") silent_front();
    else want(false, "no such case");
    return wrong;
}
