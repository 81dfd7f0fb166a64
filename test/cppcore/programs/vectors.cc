// vectors reads lines and answers each with one, for test/cppcore:
//
//   V hex   what include/tradefront_core.h reads in these bytes, and the bytes that it makes of what it read
//   L hex   a Link fed with these bytes whole, one at a time and in sevens: its events and its end
#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>

#include "tradefront_core.h"

using namespace tradefront;

namespace {

std::string hex(Bytes b) {
    std::string s;
    for (const char c : b) {
        s += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4u];
        s += "0123456789abcdef"[static_cast<unsigned char>(c) & 15u];
    }
    return s;
}

unsigned nibble(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

std::string unhex(Bytes s) {
    std::string b;
    for (std::size_t i = 0; i + 1 < s.size(); i += 2) b += static_cast<char>(static_cast<unsigned char>(nibble(s[i]) << 4u | nibble(s[i + 1])));
    return b;
}

// Printer is a visitor of a field's items.
struct Printer {
    std::ostringstream& to;
    void text(const char*, Bytes v, std::size_t) { to << ' ' << (v.empty() ? "-" : hex(v)); }
    void appended(const char*, Bytes v, std::size_t) { if (!v.empty()) to << " +" << hex(v); }
    void number(const char*, std::int32_t v, std::size_t) { to << ' ' << v; }
    void decimal(const char*, std::int32_t v, std::size_t) { to << ' ' << v; }
    void c1(char v) { to << ' ' << hex(Bytes(&v, 1)); }
    void w2(std::uint16_t v) { to << ' ' << v; }
    void i4(std::int32_t v) { to << ' ' << v; }
    void points(const Points& p) { for (std::size_t i = 0; i < p.count; i++) to << ' ' << p.at[i].series << '/' << p.at[i].number; }
};

template <class T>
bool field(Bytes data, std::ostringstream& to, Writer& again) {
    T value;
    if (const Status s = decode(data, value); !s.ok()) {
        to << " fault " << word(s.fault) << (s.fault == Fault::item ? std::string(" ") + s.item : "");
        return false;
    }
    Printer p{to};
    T::items(value, p);
    again.field(value);
    return true;
}

bool known(const Field& f, std::ostringstream& to, Writer& again) {
    switch (f.fid) {
        case fid::error: return field<Error>(f.data, to, again);
        case fid::force_exit: return field<ForceExit>(f.data, to, again);
        case fid::error_target: return field<ErrorTarget>(f.data, to, again);
        case fid::login_request: return field<LoginRequest>(f.data, to, again);
        case fid::relayed_terminal: return field<RelayedTerminal>(f.data, to, again);
        case fid::submit_response: return field<SubmitResponse>(f.data, to, again);
        case fid::submit_ref: return field<SubmitRef>(f.data, to, again);
        case fid::resume_points: return field<ResumePoints>(f.data, to, again);
        case fid::password_update: return field<PasswordUpdate>(f.data, to, again);
        case fid::link_identity: return field<LinkIdentity>(f.data, to, again);
        case fid::link_accept: return field<LinkAccept>(f.data, to, again);
        case fid::session_context: return field<SessionContext>(f.data, to, again);
        case fid::verify_result: return field<VerifyResult>(f.data, to, again);
        case fid::session_record: return field<SessionRecord>(f.data, to, again);
        case fid::reason: return field<Reason>(f.data, to, again);
        case fid::resume_session: return field<ResumeSession>(f.data, to, again);
        case fid::link_credit: return field<LinkCredit>(f.data, to, again);
        default: to << ' ' << hex(f.data); again.raw(f.fid, f.data); return true;
    }
}

std::string read(const std::string& bytes) {
    // Memory of exactly that size, so that the sanitizer sees a read beyond it.
    const auto exact = std::make_unique<char[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), exact.get());
    Frame f;
    std::size_t used = 0;
    std::ostringstream to;
    if (const Fault fault = parse_frame(Bytes(exact.get(), bytes.size()), f, used); fault != Fault::none) return std::string("fault ") + word(fault);
    if (used == 0) return "incomplete";
    to << "frame " << unsigned{f.type} << ' ' << used;
    SessionTag tag;
    Bytes audience;
    const bool tagged = find_session(f.extension, tag);
    if (tagged) to << " session " << tag.front << ' ' << tag.session;
    if (find_tag(f.extension, tag_audience, audience)) to << " audience " << hex(audience);
    if (is_heartbeat(f)) to << " heartbeat";
    if (f.type != frame_ftdc) return to.str();
    Message m;
    if (const Fault fault = parse_header(f.body, m.header); fault != Fault::none) {
        to << " header " << word(fault);
        return to.str();
    }
    to << " message " << m.header.tid << ' ' << m.header.chain << ' ' << m.header.series << ' ' << m.header.number;
    if (const Fault fault = parse_message(f.body, m); fault != Fault::none) {
        to << ' ' << word(fault);
        return to.str();
    }
    std::string again;
    Writer w(again, m.header.tid, tagged ? &tag : nullptr);
    w.sequence(m.header.series, m.header.number);
    Bytes rest = m.content;
    Field one;
    bool whole = true;
    while (next_field(rest, one)) {
        to << " [" << one.fid;
        whole = known(one, to, w) && whole;
        to << ']';
    }
    if (!whole) return to.str();
    const Status end = w.end();
    to << " = " << (end.ok() ? hex(again) : word(end.fault));
    return to.str();
}

// Summary is what a Link made of a stream. Every text of an event is read, so that the sanitizer sees a view that dangles.
struct Summary {
    std::array<std::size_t, 13> kinds{};
    std::size_t read = 0;
    std::string out, words;
    bool operator==(const Summary& o) const { return kinds == o.kinds && read == o.read && out == o.out && words == o.words; }
};

std::size_t sum(Bytes b) {
    std::size_t n = b.size();
    for (const char c : b) n += static_cast<unsigned char>(c);
    return n;
}

void react(Link& link, const Event& e, Summary& s) {
    s.kinds[e.kind]++;
    s.read += sum(e.body) + sum(e.request_bytes) + sum(e.message.content) + sum(e.request.user_id) + sum(e.request.password) +
              sum(e.request.one_time_password) + sum(e.context.app_id) + sum(e.context.public_ip) + sum(e.record.record_id) +
              sum(e.reason.text) + sum(e.resumed.record_id) + sum(e.identity.process) + sum(e.identity.version) + e.points.count;
    if (*e.word != '\0') s.words += std::string(" ") + e.word;
    const std::int32_t session = e.tag.session;
    VerifyResult who;
    who.user_id = e.request.user_id;
    switch (e.kind) {
        case Event::login: link.accept(); break;
        case Event::verify:
            if (session % 4 == 1) link.refused(session, e.ticket, Error{code::wrong_password, "no", ""});
            else if (session % 4 == 2) link.restricted(session, e.ticket, who, Error{code::first_login, "new", ""});
            else link.verified(session, e.ticket, who);
            break;
        case Event::business: case Event::request_code:
            link.business(session, e.body);
            link.refill();
            if (e.header.number % 16 == 15) link.kick(session, ForceExit{'1', "test"});
            break;
        case Event::resume:
            if (session % 2 == 0) link.resumed(session, e.ticket, e.resumed.delivered);
            else link.refuse_resume(session, e.ticket, Error{code::overloaded, "no", ""});
            break;
        case Event::close: link.change('A', 2, "20261128"); break;
        default: break;
    }
}

Summary play(const std::string& stream, std::size_t piece) {
    Link::Options o;
    o.core_id = "vectors", o.instance = "00000000-0000-4000-8000-000000000001", o.trading_day = "20261127";
    o.credit = 8, o.max_sessions = 64;
    Link link(o);
    Summary s;
    std::int64_t now = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        const std::size_t n = std::min(piece, stream.size() - at);
        const auto exact = std::make_unique<char[]>(n);
        std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), n, exact.get());
        for (Bytes rest(exact.get(), n); !rest.empty();) {
            rest = link.feed(rest, now);
            Event e;
            while (link.next(e)) react(link, e, s);
        }
    }
    link.tick(now);
    Event e;
    while (link.next(e)) react(link, e, s);
    s.out = link.out();
    return s;
}

std::string run(const std::string& stream) {
    const Summary whole = play(stream, stream.size() + 1);
    if (!(whole == play(stream, 1)) || !(whole == play(stream, 7))) return "pieces differ";
    std::ostringstream to;
    to << "events";
    for (const std::size_t n : whole.kinds) to << ' ' << n;
    to << whole.words << " out " << hex(whole.out);
    return to.str();
}

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        const std::string bytes = unhex(Bytes(line).substr(line.size() < 2 ? line.size() : 2));
        std::cout << (line.empty() ? "" : line[0] == 'V' ? read(bytes) : run(bytes)) << '\n';
    }
}
