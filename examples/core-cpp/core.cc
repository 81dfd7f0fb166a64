// An example of a core behind tradefront fronts, with include/tradefront_core.h. IT IS NO TRADING CORE: it
// echoes what terminals send, and keeps nothing on a disk. It shows each answer that a core owes to a front.
//
// One thread, one poll loop. It serves any number of fronts over TCP on loopback, a Unix socket, and TLS 1.3 with
// certificates of both sides if it was built -DWITH_TLS. README.md has the commands.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>

#include "tradefront_core.h"

#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#else
struct SSL;
struct SSL_CTX;
#endif

namespace {

using tradefront::Bytes;
using tradefront::Event;
using tradefront::Link;
namespace code = tradefront::code;
namespace tid = tradefront::tid;

constexpr std::size_t kFlowMessages = 100'000;  // of each flow for resume; older ones are gone
constexpr std::size_t kFronts = 64;
constexpr std::int64_t kGraceMs = 10'000;       // sessions of a lost link wait so long for their front
constexpr int kReadsAtOnce = 16;                // of one front, before the others have their turn; and writes
constexpr std::uint16_t kBroadcast = 1, kFirstPrivate = 100;
constexpr std::size_t kMessageBytes = 256 * 1024;  // of a message in parts; a longer one is refused
constexpr std::size_t kMaxVisits = 100'000;  // of one session
constexpr std::uint32_t kPrivateMessage = 0x1001, kBroadcastMessage = 0x1002;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string time_stamp() {  // YYYYMMDDHHmmss, UTC+8
    const std::time_t t = std::time(nullptr) + 8 * 3600;
    std::tm parts{};
    gmtime_r(&t, &parts);
    char text[16];
    return std::string(text, std::strftime(text, sizeof text, "%Y%m%d%H%M%S", &parts));
}

std::string uuid() {
    std::random_device random;
    char text[40];
    std::snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%08x%04x", random(), random() & 0xFFFFu, random() & 0xFFFu, random() & 0xFFFu,
                  random(), random() & 0xFFFFu);
    return text;
}

tradefront::Points only(tradefront::Point p) {
    tradefront::Points points;
    points.at[points.count++] = p;
    return points;
}

// Flow is a sequence of messages whose numbers a terminal counts. Its owner is the core: a front keeps no history.
struct Flow {
    std::uint16_t series = 0;
    std::int32_t last = 0;
    std::deque<std::string> bodies;

    void add(std::uint32_t message, Bytes data) {
        std::string body;
        tradefront::Writer w(body, message, tradefront::Writer::BodyOnly{});
        w.sequence(series, static_cast<std::uint32_t>(++last)).raw(0x7001, data).end();
        if (bodies.size() == kFlowMessages) bodies.pop_front();
        bodies.push_back(std::move(body));
    }
    const std::string& at(std::int32_t number) const { return bodies[bodies.size() - 1 - static_cast<std::size_t>(last - number)]; }
    // send_on sends what is behind `sent`, up to `end`, as long as the link is roomy. True if all of it went.
    bool send_on(std::int32_t& sent, std::int32_t end, Link& link, std::int32_t session) const {
        for (sent = std::max(sent, last - static_cast<std::int32_t>(bodies.size())); sent < end && link.roomy(); sent++) link.business(session, at(sent + 1));
        return sent >= end;
    }
};

struct Account {
    std::string password, state, last_login, last_ip;
    char type = '1';
    int limit = 1, sessions = 0;
    Flow flow;
};

// Seat is a session: reserved at verified(), until close, abort or the end of the front.
struct Seat {
    std::string user, record;
    Account* account = nullptr;
    std::int32_t private_from = 0, broadcast_from = 0;  // what the session may expect of each flow begins behind these
    std::int32_t private_sent = 0, broadcast_sent = 0;  // up to these it was sent
    std::map<std::string, std::string> visits;          // of an operator: the accounts whose terminals are reported, by SubmitID
    std::vector<std::string> parts;                     // of a request whose last part has not come
    std::size_t part_bytes = 0;                         // that came of it; above kMessageBytes none is kept
};

struct Lost {  // a session whose link ended, or whose core ceased to be active
    Seat seat;
    std::string process;
    std::int64_t until = 0;
};

struct Listener {
    int fd = -1;
    bool tls = false;
};

struct Front {
    int fd;
    SSL* ssl;
    Link link;
    std::map<std::int32_t, Seat> seats;
    std::set<std::int32_t> behind;    // sessions that were not sent all of their flows
    std::int32_t broadcast_sent = 0;  // up to this number every session that is not behind has been sent the broadcast
    bool more = false;                // there may be bytes that poll does not know of
    Front(int f, SSL* s, const Link::Options& o) : fd(f), ssl(s), link(o) {}
};

class Core {
public:
    Link::Options options;
    bool refills = true;  // the credit that a front used is given back at once
    SSL_CTX* tls = nullptr;
    std::vector<Listener> listeners;

    bool load(const std::string& path) {  // USER PASSWORD TYPE SESSIONS STATE
        std::ifstream file(path);
        std::string line, user;
        for (std::uint16_t series = kFirstPrivate; std::getline(file, line);) {
            std::istringstream words(line);
            Account a;
            if (line.empty() || line[0] == '#') continue;
            if (!(words >> user >> a.password >> a.type >> a.limit >> a.state)) return false;
            a.flow.series = series++;
            accounts_[user] = std::move(a);
        }
        return file.eof() && !accounts_.empty();
    }

    void run(const volatile std::sig_atomic_t& stop) {
        broadcast_.series = kBroadcast;
        std::int64_t next_tick = 0;
        while (stop == 0) {
            wait(next_tick);
            if (now_ms() < next_tick) continue;
            next_tick = now_ms() + 200;
            for (auto& f : fronts_) f->link.tick(now_ms()), step(*f);
            for (auto l = lost_.begin(); l != lost_.end();) l = l->second.until > now_ms() ? std::next(l) : (leave(l->second.seat), lost_.erase(l));
        }
        for (auto& f : fronts_) end(*f);
    }

private:
    std::map<std::string, Account> accounts_;
    std::vector<std::unique_ptr<Front>> fronts_;
    std::map<std::pair<std::int32_t, std::int32_t>, Lost> lost_;  // by FrontID, SessionID
    Flow broadcast_;
    std::string control_;
    bool control_open_ = true;

    void wait(std::int64_t next_tick) {
        std::vector<pollfd> fds;
        for (const Listener& l : listeners) fds.push_back({l.fd, static_cast<short>(fronts_.size() < kFronts ? POLLIN : 0), 0});
        fds.push_back({control_open_ ? STDIN_FILENO : -1, POLLIN, 0});
        bool more = false;
        for (const auto& f : fronts_) {
            fds.push_back({f->fd, static_cast<short>(POLLIN | (f->link.out().empty() && f->behind.empty() ? 0 : POLLOUT)), 0});
            more = more || f->more;
        }
        const std::int64_t left = std::clamp<std::int64_t>(next_tick - now_ms(), 0, 1000);
        if (poll(fds.data(), fds.size(), more ? 0 : static_cast<int>(left)) < 0) return;
        const std::size_t known = fronts_.size();
        for (std::size_t i = 0; i < known; i++) {
            if (fds[listeners.size() + 1 + i].revents != 0 || fronts_[i]->more) receive(*fronts_[i]);
        }
        if (fds[listeners.size()].revents != 0) control();
        for (std::size_t i = 0; i < listeners.size(); i++) {
            if (fds[i].revents != 0) accept_front(listeners[i]);
        }
        for (auto& f : fronts_) flush(*f);  // an event of one front may have sent to the others
        fronts_.erase(std::remove_if(fronts_.begin(), fronts_.end(), [](const auto& f) { return f->fd < 0; }), fronts_.end());
    }

    // ---- bytes ----

    void accept_front(const Listener& l) {
        const int fd = accept(l.fd, nullptr, nullptr);
        if (fd < 0) return;
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on a Unix socket, which does not wait anyway
        SSL* ssl = nullptr;
#ifdef WITH_TLS
        if (l.tls) {
            ssl = SSL_new(tls);
            if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) { SSL_free(ssl); close(fd); return; }
            SSL_set_accept_state(ssl);
        }
#endif
        fronts_.push_back(std::make_unique<Front>(fd, ssl, options));
    }

    // transfer reads or writes once: bytes, 0 if it would have to wait, -1 at the end.
    static long transfer(Front& f, char* to, const char* from, std::size_t n) {
#ifdef WITH_TLS
        if (f.ssl != nullptr) {
            std::size_t done = 0;
            ERR_clear_error();
            const int r = to != nullptr ? SSL_read_ex(f.ssl, to, n, &done) : SSL_write_ex(f.ssl, from, n, &done);
            if (r == 1) return static_cast<long>(done);
            const int why = SSL_get_error(f.ssl, r);
            return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
        }
#endif
        const ssize_t r = to != nullptr ? recv(f.fd, to, n, 0) : send(f.fd, from, n, MSG_NOSIGNAL);
        if (r > 0) return r;
        return r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
    }

    void receive(Front& f) {
        char bytes[16384];
        f.more = true;
        for (int i = 0; i < kReadsAtOnce && f.fd >= 0 && f.more; i++) {
            const long n = transfer(f, bytes, nullptr, sizeof bytes);
            if (n < 0) return end(f);
            if (n == 0) f.more = false;
            for (Bytes rest(bytes, static_cast<std::size_t>(n)); !rest.empty();) {
                rest = f.link.feed(rest, now_ms());
                step(f);
            }
        }
        volatile char* p = bytes;  // a login carried a password
        for (std::size_t i = 0; i < sizeof bytes; i++) p[i] = 0;
    }

    void step(Front& f) {
        Event e;
        while (f.fd >= 0 && f.link.next(e)) handle(f, e);
        flush(f);
    }

    void flush(Front& f) {
        for (int i = 0; i < kReadsAtOnce && f.fd >= 0; i++) {
            catch_up(f);
            if (f.link.out().empty()) break;
            const long n = transfer(f, nullptr, f.link.out().data(), f.link.out().size());
            if (n < 0) return end(f);
            if (n == 0) break;
            f.link.wrote(static_cast<std::size_t>(n));
        }
        if (f.fd >= 0 && f.link.dead()) end(f);
    }

    // catch_up sends flows, no faster than the front takes them: histories in one piece would fill out() to its bound, which ends the
    // link, and answers to logins would wait behind them. A new message of the broadcast waits for those who are behind: it goes to all.
    void catch_up(Front& f) {
        while (!f.behind.empty() && f.link.roomy()) {
            const std::int32_t session = *f.behind.begin();
            Seat& s = f.seats[session];
            if (f.link.is_open(session) && !(s.account->flow.send_on(s.private_sent, s.account->flow.last, f.link, session) &&
                                             broadcast_.send_on(s.broadcast_sent, f.broadcast_sent, f.link, session))) return;
            f.behind.erase(session);
        }
        while (f.broadcast_sent < broadcast_.last && f.link.roomy()) {
            f.broadcast_sent = std::max(f.broadcast_sent, broadcast_.last - static_cast<std::int32_t>(broadcast_.bodies.size())) + 1;
            f.link.broadcast(tradefront::Audience::front, broadcast_.at(f.broadcast_sent));
        }
    }

    // end closes a front's connection. Its sessions wait for their front, which may dial again.
    void end(Front& f) {
        if (f.fd < 0) return;
#ifdef WITH_TLS
        SSL_free(f.ssl);
#endif
        close(f.fd);
        f.fd = -1;
        lose(f);
        std::printf("front %d: link ended\n", f.link.front_id());
    }

    // lose keeps the places of a front's open sessions for a grace; those of all others are free.
    void lose(Front& f) {
        for (auto& s : f.seats) {
            if (f.link.is_open(s.first)) lost_[{f.link.front_id(), s.first}] = Lost{std::move(s.second), f.link.process(), now_ms() + kGraceMs};
            else leave(s.second);
        }
        f.seats.clear(), f.behind.clear();
    }

    static void leave(const Seat& s) { s.account->sessions--; }

    // ---- events ----

    static tradefront::Error error(std::int32_t number, Bytes text, const std::string& at) { return {number, text, at}; }

    void handle(Front& f, const Event& e) {
        switch (e.kind) {
            case Event::login: return on_login(f, e);
            case Event::verify: return on_verify(f, e);
            case Event::open: return on_open(f, e);
            case Event::abort: case Event::close: return on_end(f, e);
            case Event::business:
                on_business(f, e);
                if (refills) f.link.refill();
                return;
            case Event::request_code: return reply(f, e, code::ok, "");
            case Event::resume: return on_resume(f, e);
            case Event::discarded: std::printf("front %d session %d: discarded %s\n", f.link.front_id(), e.tag.session, e.word); return;
            case Event::broken: std::printf("front %d: broken %s\n", f.link.front_id(), e.word); return;
            case Event::visit: return on_visit(f, e);
            case Event::none: case Event::credit: return;
        }
    }

    void on_login(Front& f, const Event& e) {
        for (auto& other : fronts_) {  // a half-open connection of the same front, or another start of it
            if (other.get() != &f && other->fd >= 0 && other->link.accepted() && other->link.front_id() == e.identity.front_id) end(*other);
        }
        for (auto l = lost_.begin(); l != lost_.end();) {  // another process does not know the sessions of the one before
            const bool gone = l->first.first == e.identity.front_id && l->second.process != e.identity.process;
            l = gone ? (leave(l->second.seat), lost_.erase(l)) : std::next(l);
        }
        f.broadcast_sent = broadcast_.last;
        f.link.accept();
        std::printf("front %d: link accepted\n", e.identity.front_id);
    }

    void on_verify(Front& f, const Event& e) {
        const std::string user(e.request.user_id), at = time_stamp();
        const std::int32_t session = e.tag.session;
        drop(f, session);  // the terminal changed its password and logs in again
        const auto a = accounts_.find(user);
        if (a == accounts_.end() || a->second.password != e.request.password) {
            f.link.refused(session, e.ticket, error(code::wrong_password, "用户名或密码错误 wrong user or password", at));
            return;
        }
        Account& account = a->second;
        std::int32_t refusal = account.state == "locked" ? code::account_locked : account.sessions >= account.limit ? code::too_many_sessions : code::ok;
        if (refusal != code::ok) {
            f.link.refused(session, e.ticket, error(refusal, "拒绝登录 refused", at));
            return;
        }
        tradefront::VerifyResult who;
        who.user_id = user, who.user_type = account.type, who.last_login = account.last_login, who.last_ip = account.last_ip;
        who.notice = "示例核心 example core, no trading core";
        const std::int32_t change = account.state == "weak" ? code::weak_password : account.state == "first" ? code::first_login
                                    : account.state == "expired" ? code::password_expired : code::ok;
        const bool done = change == code::ok ? f.link.verified(session, e.ticket, who)
                                             : f.link.restricted(session, e.ticket, who, error(change, "请修改密码 change the password", at));
        if (!done) return;
        account.sessions++;
        if (change == code::ok) account.last_login = std::string(e.context.instant), account.last_ip = std::string(e.context.public_ip);
        f.seats[session] = Seat{user, "", &account, 0, 0, 0, 0, {}, {}, 0};
    }

    void on_open(Front& f, const Event& e) {
        Seat& s = f.seats[e.tag.session];
        s.record = std::string(e.record.record_id);
        s.private_from = s.account->flow.last, s.broadcast_from = broadcast_.last;
        for (std::size_t i = 0; i < e.points.count; i++) {
            const tradefront::Point& p = e.points.at[i];
            if (p.number >= 0 && p.series == s.account->flow.series) s.private_from = p.number;
            if (p.number >= 0 && p.series == kBroadcast) s.broadcast_from = p.number;
        }
        s.private_sent = s.private_from, s.broadcast_sent = s.broadcast_from;
        f.behind.insert(e.tag.session);
        catch_up(f);
    }

    // on_end: the session may also wait, since the link before this one ended or this core ceased to be active.
    void on_end(Front& f, const Event& e) {
        drop(f, e.tag.session);
        const auto l = lost_.find({f.link.front_id(), e.tag.session});
        if (e.kind == Event::abort || l == lost_.end()) return;
        leave(l->second.seat);
        lost_.erase(l);
    }

    static void drop(Front& f, std::int32_t session) {
        const auto s = f.seats.find(session);
        if (s == f.seats.end()) return;
        leave(s->second);
        f.seats.erase(s), f.behind.erase(session);
    }

    // on_resume: the front came back, or this core said another term or state, and the terminal has waited. What it has not got
    // is sent again.
    void on_resume(Front& f, const Event& e) {
        const auto l = lost_.find({f.link.front_id(), e.tag.session});
        const auto seat = f.seats.find(e.tag.session);
        const Seat* known = seat != f.seats.end() ? &seat->second : l != lost_.end() ? &l->second.seat : nullptr;
        if (known == nullptr || known->user != e.resumed.user_id || known->record != e.resumed.record_id) {
            f.link.refuse_resume(e.tag.session, e.ticket, error(code::not_active, "会话未知 unknown session", time_stamp()));
            return drop(f, e.tag.session);
        }
        Seat s = *known;
        if (seat != f.seats.end()) f.seats.erase(seat);
        else lost_.erase(l);
        s.visits.clear();  // those that still are there come again
        s.parts.clear();   // the rest of a long message does not come
        std::int32_t mine = s.private_from, all = s.broadcast_from;
        for (std::size_t i = 0; i < e.resumed.delivered.count; i++) {
            const tradefront::Point& p = e.resumed.delivered.at[i];
            if (p.series == s.account->flow.series) mine = std::max(mine, p.number);
            if (p.series == kBroadcast) all = std::max(all, p.number);
        }
        tradefront::Points points = only({s.account->flow.series, mine});
        points.at[points.count++] = {kBroadcast, all};
        if (!f.link.resumed(e.tag.session, e.ticket, points)) return leave(s);
        s.private_sent = mine, s.broadcast_sent = all;
        f.seats[e.tag.session] = std::move(s);
        f.behind.insert(e.tag.session);
        catch_up(f);
    }

    // on_visit: an order of the operator's for a customer without a visit may be refused; this core knows no orders, and
    // says what it was told. Visits that come behind SessionResume find the seat, for it is answered at once.
    void on_visit(Front& f, const Event& e) {
        const auto at = f.seats.find(e.tag.session);
        if (at == f.seats.end()) return;
        auto& visits = at->second.visits;
        if (e.header.tid == tradefront::tid::visit_close) visits.erase(std::string(e.ended.submit_id));
        else if (visits.size() < kMaxVisits) visits[std::string(e.visit_record.submit_id)] = std::string(e.visit_record.user_id);
        std::printf("front %d session %d: %zu visits\n", f.link.front_id(), e.tag.session, visits.size());
    }

    // on_business acts on a request once, when its last part is there. One whose rest the front refused ends with the next request, or
    // at SessionResume: its parts are dropped unanswered, for the terminal has the front's answer.
    void on_business(Front& f, const Event& e) {
        Seat& s = f.seats[e.tag.session];
        const bool first = e.header.chain == 'S' || e.header.chain == 'F', last = e.header.chain == 'S' || e.header.chain == 'L';
        if (first) s.parts.clear(), s.part_bytes = 0;
        if (e.header.tid == tid::password_update) return last ? on_password(f, e, s) : void();  // it is not copied; 15 if in parts
        s.part_bytes += e.body.size();
        if (s.part_bytes > kMessageBytes) s.parts.clear();
        else s.parts.emplace_back(e.body);
        if (!last) return;
        const std::vector<std::string> whole = std::exchange(s.parts, {});
        if (whole.empty()) return reply(f, e, code::illegal_item, "报文过长 the message is too long");
        for (const std::string& part : whole) f.link.business(e.tag.session, part);  // the echo
        if (e.header.tid != 0x0003) return;
        // An order is told on the private flow too, to every session of the user.
        s.account->flow.add(kPrivateMessage, Bytes(whole.front()).substr(tradefront::kMessageHeader, 64));
        for (auto& other : fronts_) {
            for (const auto& seat : other->seats) {
                if (seat.second.account == s.account) other->behind.insert(seat.first);
            }
        }
    }

    void on_password(Front& f, const Event& e, Seat& s) {
        tradefront::Message m;
        tradefront::PasswordUpdate update;
        Bytes data;
        if (parse_message(e.body, m) != tradefront::Fault::none || !m.find(update.id, data) || !decode(data, update).ok() || update.user_id != s.user)
            return reply(f, e, code::illegal_item, "字段错误 illegal field");
        if (update.old_password != s.account->password) return reply(f, e, code::wrong_password, "密码错误 wrong password");
        if (update.old_password == update.new_password) return reply(f, e, code::same_password, "新旧密码相同 new equals old");
        s.account->password = std::string(update.new_password), s.account->state = "ok";
        reply(f, e, code::ok, "");
    }

    // reply answers a request by a message of its TID and number with the field Error.
    static void reply(Front& f, const Event& e, std::int32_t number, Bytes text) {
        std::string body;
        const std::string at = time_stamp();
        tradefront::Writer w(body, e.header.tid, tradefront::Writer::BodyOnly{});
        if (w.sequence(e.header.series, e.header.number).field(error(number, text, at)).end().ok()) f.link.business(e.tag.session, body);
    }

    // ---- commands on standard input: kick USER, broadcast TEXT, state A|S|I TERM, credit N, cut ----

    void control() {
        char bytes[512];
        const ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
        if (n <= 0 || control_.size() > sizeof bytes) control_open_ = false;
        if (n > 0) control_.append(bytes, static_cast<std::size_t>(n));
        for (std::size_t end; (end = control_.find('\n')) != std::string::npos; control_.erase(0, end + 1)) command(control_.substr(0, end));
    }

    void command(const std::string& line) {
        std::istringstream words(line);
        std::string verb, argument;
        std::int32_t term = options.term;
        words >> verb >> argument >> term;
        if (verb == "state" && argument.size() == 1 && !words.fail() && term >= options.term) options.state = argument[0], options.term = term;
        if (verb == "broadcast") broadcast_.add(kBroadcastMessage, argument);
        for (auto& f : fronts_) {
            if (verb == "kick") {
                for (const auto& s : f->seats) {
                    if (s.second.user == argument) f->link.kick(s.first, {'1', "核心强制退出 ended by the core"});
                }
            } else if (verb == "credit") f->link.grant(static_cast<std::int32_t>(std::strtol(argument.c_str(), nullptr, 10)));
            else if (verb == "cut") end(*f);
            else if (verb == "state") {
                if (options.state != 'A') lose(*f);  // another core may resume them, and this one is not told
                f->link.change(options.state, options.term, options.trading_day);
            }
        }
    }
};

// ---- start ----

bool split(const std::string& address, sockaddr_in& to) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return false;
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(address.c_str() + colon + 1, nullptr, 10)));
    return inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) == 1;
}

int listen_on(const std::string& kind, const std::string& address) {
    if (kind == "--unix") {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        if (address.size() >= sizeof to.sun_path) return -1;
        std::copy(address.begin(), address.end(), to.sun_path);
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        unlink(address.c_str());
        if (bind(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 || listen(fd, 64) != 0) return -1;
        std::printf("listening %s %s\n", kind.c_str() + 2, address.c_str());
        return fd;
    }
    sockaddr_in to{};
    if (!split(address, to)) return -1;
    if (kind == "--listen" && ntohl(to.sin_addr.s_addr) >> 24u != 127) {
        std::fputs("without TLS only on loopback: passwords would be in clear on the net\n", stderr);
        return -1;
    }
    const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof to;
    if (bind(fd, reinterpret_cast<sockaddr*>(&to), size) != 0 || listen(fd, 64) != 0) return -1;
    getsockname(fd, reinterpret_cast<sockaddr*>(&to), &size);
    std::printf("listening %s %s:%d\n", kind.c_str() + 2, inet_ntoa(to.sin_addr), ntohs(to.sin_port));
    return fd;
}

#ifdef WITH_TLS
constexpr unsigned char kProtocol[] = "\x11tradefront-core/1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned in_length, void*) {
    unsigned char* chosen = nullptr;
    const int r = SSL_select_next_proto(&chosen, length, kProtocol, sizeof kProtocol - 1, in, in_length);
    *out = chosen;
    return r == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A front that offers no protocol at all is refused too: the callback above is not called for it.
int check_protocol(SSL* ssl, int*, void*) {
    const unsigned char* data = nullptr;
    std::size_t length = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data, &length) == 1) return SSL_CLIENT_HELLO_SUCCESS;
    return SSL_CLIENT_HELLO_ERROR;
}

// make_tls: TLS 1.3, both certificates, this protocol and no other.
SSL_CTX* make_tls(const std::string& cert, const std::string& key, const std::string& ca) {
    SSL_CTX* c = SSL_CTX_new(TLS_server_method());
    if (c == nullptr || SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1 || SSL_CTX_use_certificate_chain_file(c, cert.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_load_verify_locations(c, ca.c_str(), nullptr) != 1) {
        ERR_print_errors_fp(stderr);
        SSL_CTX_free(c);
        return nullptr;
    }
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
    SSL_CTX_set_client_hello_cb(c, check_protocol, nullptr);
    SSL_CTX_set_num_tickets(c, 0);  // a link lives for days
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return c;
}
#endif

volatile std::sig_atomic_t stopped = 0;

int usage(const char* why) {
    std::fprintf(stderr, "%s\nusage: core --accounts FILE --trading-day YYYYMMDD [--listen 127.0.0.1:PORT] [--unix PATH]\n"
                 "            [--tls IP:PORT --cert FILE --key FILE --ca FILE] [--credit N [--refill no]] [--heartbeat S] [--term N] [--state A|S|I]\n"
                 "This is an example and no trading core.\n", why);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, [](int) { stopped = 1; });
    std::signal(SIGINT, [](int) { stopped = 1; });
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::puts("tradefront example core: it echoes, it is no trading core");

    std::map<std::string, std::string> flags;
    std::vector<std::pair<std::string, std::string>> addresses;
    for (int i = 1; i < argc; i += 2) {
        const std::string flag = argv[i];
        if (i + 1 == argc) return usage(("no value for " + flag).c_str());
        if (flag == "--listen" || flag == "--unix" || flag == "--tls") addresses.emplace_back(flag, argv[i + 1]);
        else flags[flag] = argv[i + 1];
    }
    const auto number = [&flags](const char* flag, std::int32_t otherwise) {
        return flags.count(flag) != 0 ? static_cast<std::int32_t>(std::strtol(flags[flag].c_str(), nullptr, 10)) : otherwise;
    };
    Core core;
    if (!core.load(flags["--accounts"])) return usage("the accounts cannot be read: USER PASSWORD TYPE SESSIONS STATE on each line");
    if (flags["--trading-day"].size() != 8 || addresses.empty()) return usage("a trading day and an address are needed");
    core.options.core_id = "core-cpp", core.options.instance = uuid(), core.options.trading_day = flags["--trading-day"];
    core.options.term = number("--term", 1), core.options.credit = number("--credit", -1);
    core.refills = flags["--refill"] != "no";
    core.options.heartbeat_seconds = number("--heartbeat", 5);
    if (!flags["--state"].empty()) core.options.state = flags["--state"][0];
    for (const auto& a : addresses) {
        if (a.first == "--tls") {
#ifdef WITH_TLS
            if (core.tls == nullptr) core.tls = make_tls(flags["--cert"], flags["--key"], flags["--ca"]);
            if (core.tls == nullptr) return usage("TLS needs certificate, key and the authority of the fronts");
#else
            return usage("built without TLS: -DWITH_TLS -lssl -lcrypto");
#endif
        }
        const int fd = listen_on(a.first, a.second);
        if (fd < 0) return usage(("cannot listen on " + a.second).c_str());
        core.listeners.push_back({fd, a.first == "--tls"});
    }
    core.run(stopped);
    for (const Listener& l : core.listeners) close(l.fd);
#ifdef WITH_TLS
    SSL_CTX_free(core.tls);
#endif
}
