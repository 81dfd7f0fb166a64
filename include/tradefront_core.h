// tradefront_core.h: what a trading core needs to work behind a tradefront front. C++17, the standard library alone.
//
// A front logs terminals in and passes their orders on; a core decides. The front dials the core and keeps one
// connection, the link, which carries all sessions of that front. The bytes are FTD frames of JR/T 0016-2014, the same
// that terminals speak; a tag in a frame's extension header says which session the frame belongs to.
//
//     front                                          core
//       LinkLogin  LinkIdentity ------------------->   event login         -> accept() or refuse_link()
//       SessionVerify  LoginRequest, Context ------>   event verify        -> verified(), restricted() or refused()
//       SessionOpen  SessionRecord, ResumePoints -->   event open          the login is recorded: the session is live
//       business frame, tag ----------------------->   event business      -> business(): answers, orders' states, fills
//       SessionClose  Reason ---------------------->   event close
//
// How to use it: one Link for each connection. You own the socket, the threads and the clock.
//
//     tradefront::Link link(options);
//     for (Bytes rest = what_read_returned; !rest.empty();) {
//         rest = link.feed(rest, now_ms);                    // takes what fits
//         tradefront::Event e;
//         while (link.next(e)) handle(link, e);              // e's texts are valid until the next call of next() or feed()
//     }
//     link.tick(now_ms);                                     // once a second (at HeartbeatSeconds 1 four times): heartbeats, and an end of silence
//     write link.out() to the socket, link.wrote(n);         // after every step
//     if (link.dead() && link.out().empty()) close the socket.   link.fault() says why: a word of docs/protocol.md
//
// Go on with tick() while a link is dead: it gives up after kLingerMs what a front that no longer reads has not taken. out() may be another
// place in memory after each call: OpenSSL wants SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER.
//
// What holds:
//   * A core answers each event verify by one of verified(), restricted(), refused(); at once or later, by its ticket.
//     A front waits 3 s; then it sends SessionAbort, and an answer with that ticket is not sent any more.
//   * verified() must reserve the session: locks, limits and passwords are looked at here. Nothing can refuse it later.
//     Either SessionOpen follows (the record of the login is durable), or SessionAbort.
//   * A business frame's body is the terminal's, byte for byte. An answer carries the TID, series 0 and the number of its request.
//   * Malformed bytes end the link. A frame that is well formed and breaks a rule is discarded: event discarded, whose
//     `word` names the rule. Nothing that a front sends makes a Link read or write beyond its bounds.
//   * No exceptions are thrown by this header, no RTTI is used, no thread is started, nothing is read but what you feed.
//     A Link belongs to one thread at a time: others hand what they have to it. Name a Link to them by a number of your own, never by its
//     FrontID: a front that dials again has another Link, with other tickets, and after a start of its own other sessions of the same numbers.
//   * Bounds: kInputBytes for what was fed and not read, Options::max_sessions, kOutputBytes for what you did not write
//     (beyond it the link is dead: the front reads the link always, so one that does not is gone). Your own histories reach
//     that bound too: send what a terminal missed while roomy(), and the rest after wrote().
//   * Bytes that next() has passed are overwritten with zeros, since logins carry passwords, and all others when the Link ends.
//     Copy what you keep, and wipe your own buffer of read().
//
// Item types, as in docs/protocol.md section 1: c1 a byte; w2, i4 big-endian; n<a> digits padded with zeros on the left;
// s<a> UTF-8 text padded with spaces on the right, without control characters, not ending in a space.
#ifndef TRADEFRONT_CORE_H
#define TRADEFRONT_CORE_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tradefront {

using Bytes = std::string_view;  // raw bytes or UTF-8; a view into what was handed in

// ---- 1. Bounds and numbers --------------------------------------------------------------------------------------------

constexpr std::int32_t kMaxInt32 = 0x7FFFFFFF;  // std::numeric_limits has a max() that <windows.h> makes a macro of
constexpr std::size_t kFrameHeader = 4, kMaxExtension = 127, kMaxBody = 4096;
constexpr std::size_t kMessageHeader = 16, kFieldHeader = 6;
constexpr std::size_t kMaxPoints = 8;                        // flows in one ResumePoints
constexpr std::size_t kInputBytes = std::size_t{64} << 10;   // more than the longest frame
constexpr std::size_t kOutputBytes = std::size_t{64} << 20;
constexpr std::size_t kRoomyBytes = std::size_t{256} << 10;  // of kOutputBytes, for histories: an answer to a login waits behind no more
constexpr std::int64_t kLoginMs = 10'000;                    // a connection without LinkLogin is dead after this
constexpr std::int64_t kLingerMs = 2'000;                    // the last bytes of a dead link may be written for so long
constexpr int kHeartbeatSeconds = 5;                         // what 0 in LinkAccept means
constexpr int kSilentPeriods = 3;                            // of HeartbeatSeconds: then the front is gone

enum FrameType : std::uint8_t { frame_none = 0, frame_ftdc = 1, frame_compressed = 2 };
enum Tag : std::uint8_t { tag_keep_alive = 0x04, tag_session = 0x40, tag_audience = 0x41 };

namespace tid {  // messages
constexpr std::uint32_t error = 0x1, user_login = 0x16, user_logout = 0x17, password_update = 0x18, force_exit = 0x1005,
    request_code = 0x8004, link_login = 0x9001, session_verify = 0x9002, session_open = 0x9003, session_abort = 0x9004,
    session_close = 0x9005, session_kick = 0x9006, state_change = 0x9007, session_resume = 0x9008, link_credit = 0x9009,
    visit_open = 0x900A, visit_close = 0x900B, first_private = 0x8001, last_link = 0x90FF;

constexpr bool is_link(std::uint32_t t) { return t >= link_login && t <= last_link; }
// is_business: may go between a terminal that is logged in and the core. All others are the front's own.
constexpr bool is_business(std::uint32_t t) {
    return t != user_login && t != user_logout && t != force_exit && (t < first_private || t > last_link);
}
}  // namespace tid

namespace fid {  // fields
constexpr std::uint32_t error = 0x5, force_exit = 0x6, error_target = 0x2E, login_request = 0x8005, relayed_terminal = 0x8009,
    submit_response = 0x800B, submit_ref = 0x800E, terminal_tag = 0x800F, resume_points = 0x8010,
    password_update = 0x8011, link_identity = 0x9001, link_accept = 0x9002, session_context = 0x9003, verify_result = 0x9004,
    session_record = 0x9005, reason = 0x9006, resume_session = 0x9007, link_credit = 0x9008;
}  // namespace fid

namespace code {  // of the field Error, those that a core answers most; the terminal gets code and text as they are
constexpr std::int32_t ok = 0, wrong_password = 3, initialising = 7, not_active = 8, illegal_item = 15, too_many_sessions = 60,
    account_locked = 75, unsupported = 77, overloaded = 90, weak_password = 131, first_login = 140, password_expired = 141,
    same_password = 142;
}  // namespace code

// Fault is why bytes cannot be read on. To be malformed ends a link; `item` (a well-formed field with an illegal item) does not.
enum class Fault : std::uint8_t {
    none, extension_long, body_long, tlv_overrun, message_short, version, chain, content_length, field_count, field_overrun,
    field_twice, field_short, item, field_missing, not_logged_in, login_twice, protocol, refused, silent, output_full,
    bad_credit
};

inline const char* word(Fault f) {
    constexpr const char* words[] = {"none", "extension_long", "body_long", "tlv_overrun", "message_short", "version", "chain",
        "content_length", "field_count", "field_overrun", "field_twice", "field_short", "item", "field_missing", "not_logged_in",
        "login_twice", "protocol", "refused", "silent", "output_full", "bad_credit"};
    return words[static_cast<std::size_t>(f)];
}

// ---- 2. Integers: byte by byte, so the machine's own order does not matter --------------------------------------------

inline std::uint8_t byte_at(Bytes b, std::size_t i) { return static_cast<std::uint8_t>(b[i]); }
inline std::uint16_t load16(Bytes b, std::size_t i) { return static_cast<std::uint16_t>(byte_at(b, i) << 8 | byte_at(b, i + 1)); }
inline std::uint32_t load32(Bytes b, std::size_t i) {
    return static_cast<std::uint32_t>(load16(b, i)) << 16 | static_cast<std::uint32_t>(load16(b, i + 2));
}
inline std::int32_t to_signed(std::uint32_t v) {  // two's complement, without relying on a narrowing conversion
    return v <= 0x7FFFFFFFu ? static_cast<std::int32_t>(v) : -1 - static_cast<std::int32_t>(~v);
}
inline void put8(std::string& out, unsigned v) { out.push_back(static_cast<char>(static_cast<unsigned char>(v & 0xFFu))); }
inline void put16(std::string& out, std::uint16_t v) { put8(out, v >> 8u); put8(out, v); }
inline void put32(std::string& out, std::uint32_t v) {
    put16(out, static_cast<std::uint16_t>(v >> 16u));
    put16(out, static_cast<std::uint16_t>(v & 0xFFFFu));
}
inline void set16(std::string& out, std::size_t i, std::size_t v) {
    out[i] = static_cast<char>(static_cast<unsigned char>(v >> 8u & 0xFFu));
    out[i + 1] = static_cast<char>(static_cast<unsigned char>(v & 0xFFu));
}

// ---- 3. Frames and extension tags -------------------------------------------------------------------------------------

struct Frame {
    std::uint8_t type = frame_none;
    Bytes extension, body;
};

// next_tlv takes the first tag off rest. False at the end, and if the tag's data reach beyond it (then rest is not empty).
inline bool next_tlv(Bytes& rest, std::uint8_t& tag, Bytes& data) {
    if (rest.size() < 2 || rest.size() - 2 < byte_at(rest, 1)) return false;
    tag = byte_at(rest, 0);
    data = rest.substr(2, byte_at(rest, 1));
    rest.remove_prefix(2 + data.size());
    return true;
}

// parse_frame reads the first frame of in. used is its length, 0 while it is incomplete: read more. What is too long is
// refused on the first four bytes, so that nothing waits for bytes that it will not take.
inline Fault parse_frame(Bytes in, Frame& frame, std::size_t& used) {
    used = 0;
    if (in.size() < kFrameHeader) return Fault::none;
    const std::size_t extension = byte_at(in, 1), body = load16(in, 2);
    if (extension > kMaxExtension) return Fault::extension_long;
    if (body > kMaxBody) return Fault::body_long;
    if (in.size() < kFrameHeader + extension + body) return Fault::none;
    Bytes rest = in.substr(kFrameHeader, extension), data;
    std::uint8_t tag = 0;
    while (next_tlv(rest, tag, data)) {}
    if (!rest.empty()) return Fault::tlv_overrun;
    frame = Frame{byte_at(in, 0), in.substr(kFrameHeader, extension), in.substr(kFrameHeader + extension, body)};
    used = kFrameHeader + extension + body;
    return Fault::none;
}

// find_tag gives the data of the first tag of that kind. Unknown tags are passed over.
inline bool find_tag(Bytes extension, std::uint8_t want, Bytes& data) {
    std::uint8_t tag = 0;
    while (next_tlv(extension, tag, data)) {
        if (tag == want) return true;
    }
    return false;
}

inline bool is_heartbeat(const Frame& f) {
    Bytes data;
    return f.type == frame_none && find_tag(f.extension, tag_keep_alive, data);
}
inline void append_heartbeat(std::string& out) { out.append("\x00\x02\x00\x00\x04\x00", 6); }

// SessionTag (0x40): which session of which front. It is on every frame of a session, both ways.
struct SessionTag {
    std::int32_t front = 0, session = 0;
};
inline bool find_session(Bytes extension, SessionTag& tag) {
    Bytes data;
    if (!find_tag(extension, tag_session, data) || data.size() != 8) return false;
    tag = SessionTag{to_signed(load32(data, 0)), to_signed(load32(data, 4))};
    return true;
}

// Audience (0x41): on a broadcast, core to front.
enum class Audience : char { front = 'B', series = 'D' };  // every open session; those that asked for the message's series

// begin_frame appends a frame's header, whose body's length finish sets.
inline void begin_frame(std::string& out, std::size_t body, const SessionTag* tag = nullptr, const Audience* to = nullptr) {
    put8(out, frame_ftdc);
    put8(out, tag != nullptr ? 10 : to != nullptr ? 3 : 0);
    put16(out, static_cast<std::uint16_t>(body));
    if (tag != nullptr) {
        put8(out, tag_session), put8(out, 8);
        put32(out, static_cast<std::uint32_t>(tag->front)), put32(out, static_cast<std::uint32_t>(tag->session));
    } else if (to != nullptr) {
        put8(out, tag_audience), put8(out, 1), put8(out, static_cast<unsigned char>(*to));
    }
}

// ---- 4. Messages and fields -------------------------------------------------------------------------------------------

// Header is that of any message. chain: 'S' single, 'F' first, 'C' middle, 'L' last part of a long one (business alone).
struct Header {
    std::uint32_t tid = 0;
    char chain = 'S';
    std::uint16_t series = 0;
    std::uint32_t number = 0;
    std::uint16_t fields = 0;
};

// parse_header reads the header of a body and looks at nothing behind it but its length.
inline Fault parse_header(Bytes body, Header& h) {
    if (body.size() < kMessageHeader) return Fault::message_short;
    if (body.size() > kMaxBody) return Fault::body_long;
    if (body[0] != 2) return Fault::version;
    const char c = body[5];
    if (c != 'S' && c != 'F' && c != 'C' && c != 'L') return Fault::chain;
    if (load16(body, 14) != body.size() - kMessageHeader) return Fault::content_length;
    h = Header{load32(body, 1), c, load16(body, 6), load32(body, 8), load16(body, 12)};
    return Fault::none;
}

struct Field {
    std::uint32_t fid = 0;
    Bytes data;
};

// next_field takes the first field off rest. False at the end, and if it reaches beyond it (then rest is not empty).
inline bool next_field(Bytes& rest, Field& f) {
    if (rest.size() < kFieldHeader || rest.size() - kFieldHeader < load16(rest, 4)) return false;
    f = Field{load32(rest, 0), rest.substr(kFieldHeader, load16(rest, 4))};
    rest.remove_prefix(kFieldHeader + f.data.size());
    return true;
}

// FieldSet finds a known field that appears twice, without memory of its own.
class FieldSet {
    std::uint64_t bits_ = 0;

public:
    bool add(std::uint32_t f, bool link) {  // true: it was there before. Unknown fields may be repeated
        unsigned bit = 0;
        if (f == fid::error) bit = 0;
        else if (f == fid::force_exit) bit = 1;
        else if (f == fid::error_target) bit = 2;
        else if (f >= 0x8001 && f <= fid::terminal_tag) bit = 3 + f - 0x8001;
        else if (f == fid::resume_points) bit = 19;
        else if (f == fid::password_update) bit = 20;
        else if (link && f >= fid::link_identity && f <= fid::link_credit) bit = 21 + f - fid::link_identity;
        else return false;
        const std::uint64_t mask = std::uint64_t{1} << bit;
        const bool twice = (bits_ & mask) != 0;
        bits_ |= mask;
        return twice;
    }
};

struct Message {
    Header header;
    Bytes content;

    bool find(std::uint32_t want, Bytes& data) const {
        Bytes rest = content;
        Field f;
        while (next_field(rest, f)) {
            if (f.fid == want) { data = f.data; return true; }
        }
        return false;
    }
};

// parse_message reads a body whose fields matter: single, each known field once, fields and count use up the content.
inline Fault parse_message(Bytes body, Message& m) {
    if (const Fault f = parse_header(body, m.header); f != Fault::none) return f;
    if (m.header.chain != 'S') return Fault::chain;
    m.content = body.substr(kMessageHeader);
    Bytes rest = m.content;
    Field field;
    FieldSet seen;
    for (unsigned i = 0; i < m.header.fields; i++) {
        if (rest.empty()) return Fault::field_count;
        if (!next_field(rest, field)) return Fault::field_overrun;
        if (seen.add(field.fid, tid::is_link(m.header.tid))) return Fault::field_twice;
    }
    return rest.empty() ? Fault::none : Fault::field_count;
}

// ---- 5. Items ---------------------------------------------------------------------------------------------------------

// text_problem is why a text must not have b, or nullptr.
inline const char* text_problem(Bytes b) {
    for (std::size_t i = 0; i < b.size();) {
        const unsigned c = byte_at(b, i);
        if (c < 0x80) {
            if (c < 0x20 || c == 0x7F) return "contains a control character";
            i++;
            continue;
        }
        const std::size_t length = c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
        if (length == 0 || b.size() - i < length) return "not valid UTF-8";
        std::uint32_t rune = c & (length == 2 ? 0x1Fu : length == 3 ? 0x0Fu : 0x07u);
        for (std::size_t k = 1; k < length; k++) {
            const unsigned next = byte_at(b, i + k);
            if ((next & 0xC0u) != 0x80u) return "not valid UTF-8";
            rune = rune << 6u | (next & 0x3Fu);
        }
        if ((length == 3 && rune < 0x800) || (length == 4 && (rune < 0x10000 || rune > 0x10FFFF)) || (rune >= 0xD800 && rune <= 0xDFFF))
            return "not valid UTF-8";
        if (rune <= 0x9F) return "contains a control character";
        i += length;
    }
    return nullptr;
}

// Status is the outcome of decode and encode. item and problem are texts of this header and never the value, which may be
// a password: a Status may be logged.
struct Status {
    Fault fault = Fault::none;
    std::uint32_t fid = 0;
    const char* item = "";
    const char* problem = "";
    bool ok() const { return fault == Fault::none; }
};

// fitting is the beginning of a text that an item of n bytes takes: it ends between two characters, and not in a space. For texts whose
// length you do not know, as those of a risk control: one that is too long is not sent at all.
inline Bytes fitting(Bytes text, std::size_t n) {
    std::size_t end = text.size() < n ? text.size() : n;
    while (end > 0 && end < text.size() && (byte_at(text, end) & 0xC0u) == 0x80u) end--;
    while (end > 0 && text[end - 1] == ' ') end--;
    return text.substr(0, end);
}

struct Point {  // how far a flow has come. As a terminal's wish 0 is from the beginning, -1 from now on
    std::uint16_t series = 0;
    std::int32_t number = 0;
};
struct Points {
    std::size_t count = 0;
    std::array<Point, kMaxPoints> at{};
};

// ItemReader and ItemWriter walk the list of items that each field below has once, for both directions.
class ItemReader {
    Bytes left_;
    Status& status_;

    Bytes take(std::size_t n) {
        const Bytes b = left_.substr(0, n);
        left_.remove_prefix(b.size());
        return b;
    }
    void fail(const char* item, const char* problem) {
        if (status_.ok()) status_ = Status{Fault::item, status_.fid, item, problem};
    }
    void digits(const char* item, Bytes b, std::int32_t& v) {
        std::int64_t sum = 0;
        v = 0;
        if (b.empty()) fail(item, "empty, want decimal digits");
        for (const char c : b) {
            if (c < '0' || c > '9') return fail(item, "not a decimal digit");
            sum = sum * 10 + (c - '0');
            if (sum > kMaxInt32) return fail(item, "number too large");
        }
        v = static_cast<std::int32_t>(sum);
    }

public:
    ItemReader(Bytes data, Status& status) : left_(data), status_(status) {}

    void text(const char* item, Bytes& v, std::size_t n) {
        v = take(n);
        while (!v.empty() && v.back() == ' ') v.remove_suffix(1);
        if (const char* problem = text_problem(v)) fail(item, problem);
    }
    void number(const char* item, std::int32_t& v, std::size_t n) { digits(item, take(n), v); }
    void decimal(const char* item, std::int32_t& v, std::size_t n) {  // a number as s<n>
        Bytes b;
        text(item, b, n);
        digits(item, b, v);
    }
    void c1(char& v) { v = take(1)[0]; }
    void w2(std::uint16_t& v) { v = load16(take(2), 0); }
    void i4(std::int32_t& v) { v = to_signed(load32(take(4), 0)); }
    void points(Points& v) {
        v.count = 0;
        if (left_.size() % 6 != 0) { status_ = Status{Fault::field_short, status_.fid, "", ""}; return; }
        while (!left_.empty()) {
            if (v.count == kMaxPoints) return fail("ResumePoints", "more than 8 points");
            w2(v.at[v.count].series);
            i4(v.at[v.count].number);
            v.count++;
        }
    }
    // appended is a text that a newer version added at the end: empty if the sender does not have it.
    void appended(const char* item, Bytes& v, std::size_t n) {
        v = Bytes();
        if (left_.size() >= n) text(item, v, n);
    }
};

class ItemWriter {
    std::string& out_;
    Status& status_;

    void fail(const char* item, const char* problem) {
        if (status_.ok()) status_ = Status{Fault::item, status_.fid, item, problem};
    }

public:
    ItemWriter(std::string& out, Status& status) : out_(out), status_(status) {}

    void text(const char* item, Bytes v, std::size_t n) {  // never cut or mended: a text that would change is refused
        if (v.size() > n) return fail(item, "longer than its place");
        if (const char* problem = text_problem(v)) return fail(item, problem);
        if (!v.empty() && v.back() == ' ') return fail(item, "ends in a space, which a receiver takes for padding");
        out_.append(v).append(n - v.size(), ' ');
    }
    void number(const char* item, std::int32_t v, std::size_t n) {
        std::array<char, 10> digits{};
        std::size_t count = 0;
        if (v < 0) return fail(item, "negative number");
        std::uint32_t left = static_cast<std::uint32_t>(v);
        do { digits[count++] = static_cast<char>('0' + left % 10); } while ((left /= 10) != 0);
        if (count > n) return fail(item, "more digits than its place");
        out_.append(n - count, '0');
        while (count > 0) out_.push_back(digits[--count]);
    }
    void decimal(const char* item, std::int32_t v, std::size_t n) {
        std::size_t count = 1;
        for (std::int32_t rest = v; rest >= 10; rest /= 10) count++;
        if (count > n) return fail(item, "more digits than its place");
        number(item, v, count);
        out_.append(n - count, ' ');
    }
    void c1(char v) { out_.push_back(v); }
    void w2(std::uint16_t v) { put16(out_, v); }
    void i4(std::int32_t v) { put32(out_, static_cast<std::uint32_t>(v)); }
    void points(const Points& v) {
        if (v.count > kMaxPoints) return fail("ResumePoints", "more than 8 points");
        for (std::size_t i = 0; i < v.count; i++) w2(v.at[i].series), i4(v.at[i].number);
    }
    void appended(const char* item, Bytes v, std::size_t n) {
        if (!v.empty()) text(item, v, n);
    }
};

// ---- 6. Fields --------------------------------------------------------------------------------------------------------
// id is the FID and size the bytes of the fixed items. A field may be longer: a newer version appends items.

#define TRADEFRONT_ITEMS template <class Self, class Visitor> static void items(Self& f, Visitor& v)

struct Error {  // the result in every answer; code 0 is success
    static constexpr std::uint32_t id = fid::error;
    static constexpr std::size_t size = 130;
    std::int32_t code = 0;  // s10, decimal
    Bytes text;             // s100, Chinese, then English where both fit
    Bytes time_stamp;       // s20, YYYYMMDDHHmmss, UTC+8
    TRADEFRONT_ITEMS { v.decimal("ErrorCode", f.code, 10), v.text("ErrorText", f.text, 100), v.text("TimeStamp", f.time_stamp, 20); }
};

struct ForceExit {  // ends a session: the terminal gets these bytes
    static constexpr std::uint32_t id = fid::force_exit;
    static constexpr std::size_t size = 101;
    char code = '1';  // c1
    Bytes text;       // s100
    TRADEFRONT_ITEMS { v.c1(f.code), v.text("ForceExitMsg", f.text, 100); }
};

struct ErrorTarget {  // ErrorTargetSequence: which request an Error message is about
    static constexpr std::uint32_t id = fid::error_target;
    static constexpr std::size_t size = 6;
    std::uint16_t series = 0;  // w2
    std::int32_t number = 0;   // i4
    TRADEFRONT_ITEMS { v.w2(f.series), v.i4(f.number); }
};

struct LoginRequest {  // the terminal's own bytes
    static constexpr std::uint32_t id = fid::login_request;
    static constexpr std::size_t size = 106;
    Bytes broker_id;                    // s10
    Bytes user_id;                      // s18
    Bytes password;                     // s40, in clear: in no log, and not kept
    std::int32_t heartbeat_seconds = 0; // n3, between terminal and front
    Bytes remark;                       // s35
    Bytes one_time_password;            // s40, appended: the second factor, empty if the terminal sent none
    TRADEFRONT_ITEMS {
        v.text("BrokerID", f.broker_id, 10), v.text("UserID", f.user_id, 18), v.text("Password", f.password, 40);
        v.number("HeartbeatSeconds", f.heartbeat_seconds, 3), v.text("Remark", f.remark, 35);
        v.appended("OneTimePassword", f.one_time_password, 40);
    }
};

struct ResumePoints {  // 1 to 8 flows that the terminal wants, each from behind a number
    static constexpr std::uint32_t id = fid::resume_points;
    static constexpr std::size_t size = 6;
    Points points;
    TRADEFRONT_ITEMS { v.points(f.points); }
};

struct PasswordUpdate {  // of the business message 0x18
    static constexpr std::uint32_t id = fid::password_update;
    static constexpr std::size_t size = 108;
    Bytes broker_id, user_id, old_password, new_password;  // s10, s18, s40, s40
    TRADEFRONT_ITEMS {
        v.text("BrokerID", f.broker_id, 10), v.text("UserID", f.user_id, 18);
        v.text("OldPassword", f.old_password, 40), v.text("NewPassword", f.new_password, 40);
    }
};

struct LinkIdentity {  // which front dials
    static constexpr std::uint32_t id = fid::link_identity;
    static constexpr std::size_t size = 80;
    std::int32_t protocol = 1;     // n3
    std::int32_t front_id = 0;     // i4
    Bytes process;                 // s36, UUID of this start of the front: another one means that the old sessions are over
    Bytes broker_id;               // s10
    Bytes version;                 // s20, of the front's program
    std::int32_t max_sessions = 0; // n6
    char business = '1';           // c1: '0' the core verifies logins and takes no business
    TRADEFRONT_ITEMS {
        v.number("Protocol", f.protocol, 3), v.i4(f.front_id), v.text("Process", f.process, 36), v.text("BrokerID", f.broker_id, 10);
        v.text("Version", f.version, 20), v.number("MaxSessions", f.max_sessions, 6), v.c1(f.business);
    }
};

struct LinkAccept {  // which core answers, and how it is
    static constexpr std::uint32_t id = fid::link_accept;
    static constexpr std::size_t size = 76;
    Bytes core_id;                      // s20, stays over restarts
    Bytes instance;                     // s36, UUID of this start: sessions of another one are unknown here
    std::int32_t term = 1;              // i4, only rises: the core that becomes active takes a higher one
    char state = 'A';                   // c1: 'I' initialising, 'A' active, 'S' standby
    Bytes trading_day;                  // s8, YYYYMMDD, must be that of the front's calendar
    std::int32_t heartbeat_seconds = 5; // n3
    std::int32_t credit = -1;           // i4: business frames that the front may send; -1 unlimited
    TRADEFRONT_ITEMS {
        v.text("CoreID", f.core_id, 20), v.text("Instance", f.instance, 36), v.i4(f.term), v.c1(f.state);
        v.text("TradingDay", f.trading_day, 8), v.number("HeartbeatSeconds", f.heartbeat_seconds, 3), v.i4(f.credit);
    }
};

struct SessionContext {  // from where and by what a login comes
    static constexpr std::uint32_t id = fid::session_context;
    static constexpr std::size_t size = 124;
    Bytes app_id;                 // s30, authenticated by the front
    char app_type = '1';          // c1: '1' direct, '2' investor relay, '3' operator relay
    Bytes public_ip;              // s39
    std::int32_t public_port = 0; // n5
    Bytes instant;                // s19, YYYY-MM-DD HH:MM:SS, UTC+8
    Bytes relay_app_id;           // s30, empty without a relay
    TRADEFRONT_ITEMS {
        v.text("AppID", f.app_id, 30), v.c1(f.app_type), v.text("PublicIP", f.public_ip, 39), v.number("PublicPort", f.public_port, 5);
        v.text("Instant", f.instant, 19), v.text("RelayAppID", f.relay_app_id, 30);
    }
};

struct VerifyResult {  // who the customer is
    static constexpr std::uint32_t id = fid::verify_result;
    static constexpr std::size_t size = 178;
    Bytes user_id;          // s18, that of the request
    char user_type = '1';   // c1: '1' customer, '2' relay operator
    char restriction = '0'; // c1: '1' nothing but a change of the password; restricted() sets it
    Bytes last_login;       // s19, s39, s100: the terminal shows them to the customer
    Bytes last_ip;
    Bytes notice;
    TRADEFRONT_ITEMS {
        v.text("UserID", f.user_id, 18), v.c1(f.user_type), v.c1(f.restriction), v.text("LastLogin", f.last_login, 19);
        v.text("LastIP", f.last_ip, 39), v.text("Notice", f.notice, 100);
    }
};

struct SessionRecord {  // what the front made durable about the login
    static constexpr std::uint32_t id = fid::session_record;
    static constexpr std::size_t size = 64;
    Bytes record_id;          // s36, UUID: keep it, SessionResume names it
    Bytes login_time;         // s19
    Bytes trading_day;        // s8
    char abnormal_flag = '0'; // c1
    TRADEFRONT_ITEMS {
        v.text("RecordID", f.record_id, 36), v.text("LoginTime", f.login_time, 19);
        v.text("TradingDay", f.trading_day, 8), v.c1(f.abnormal_flag);
    }
};

struct RelayedTerminal {  // what the relay nearest a terminal saw of it: in SessionVerify of a relayed login, in VisitOpen
    static constexpr std::uint32_t id = fid::relayed_terminal;
    static constexpr std::size_t size = 94;
    Bytes app_id;               // s30, the terminal's
    Bytes public_ip;            // s39
    std::int32_t public_port = 0;  // n5
    Bytes login_time;           // s19, at the relay
    char terminal_type = '0';   // c1
    TRADEFRONT_ITEMS {
        v.text("AppID", f.app_id, 30), v.text("PublicIP", f.public_ip, 39), v.number("PublicPort", f.public_port, 5);
        v.text("LoginTime", f.login_time, 19), v.c1(f.terminal_type);
    }
};

struct SubmitResponse {  // VisitOpen: a customer whose terminal an operator relay has reported
    static constexpr std::uint32_t id = fid::submit_response;
    static constexpr std::size_t size = 110;
    Bytes broker_id;          // s10
    Bytes user_id;            // s18, the customer's account
    char user_type = '2';     // c1
    Bytes trading_day;        // s8
    Bytes submit_id;          // s36, names the visit: VisitClose has it again
    Bytes record_id;          // s36
    char abnormal_flag = '0'; // c1
    TRADEFRONT_ITEMS {
        v.text("BrokerID", f.broker_id, 10), v.text("UserID", f.user_id, 18), v.c1(f.user_type), v.text("TradingDay", f.trading_day, 8);
        v.text("SubmitID", f.submit_id, 36), v.text("RecordID", f.record_id, 36), v.c1(f.abnormal_flag);
    }
};

struct SubmitRef {  // VisitClose: that terminal has gone
    static constexpr std::uint32_t id = fid::submit_ref;
    static constexpr std::size_t size = 36;
    Bytes submit_id;  // s36
    TRADEFRONT_ITEMS { v.text("SubmitID", f.submit_id, 36); }
};

struct Reason {  // '1' logout, '2' terminal gone, '3' kicked, '4' front drains, '5' protocol, '6' slow reader, '7' record failed
    static constexpr std::uint32_t id = fid::reason;
    static constexpr std::size_t size = 101;
    char code = '1';  // c1
    Bytes text;       // s100
    TRADEFRONT_ITEMS { v.c1(f.code), v.text("Text", f.text, 100); }
};

struct ResumeSession {  // a session that was open when the link was lost, and what its terminal has
    static constexpr std::uint32_t id = fid::resume_session;
    static constexpr std::size_t size = 54;
    Bytes user_id;     // s18
    Bytes record_id;   // s36
    Points delivered;  // 0 to 8
    TRADEFRONT_ITEMS { v.text("UserID", f.user_id, 18), v.text("RecordID", f.record_id, 36), v.points(f.delivered); }
};

struct LinkCredit {  // so many more business frames may come
    static constexpr std::uint32_t id = fid::link_credit;
    static constexpr std::size_t size = 4;
    std::int32_t frames = 0;  // i4
    TRADEFRONT_ITEMS { v.i4(f.frames); }
};
#undef TRADEFRONT_ITEMS

// decode reads the data of a field. Texts are views into data.
template <class T>
Status decode(Bytes data, T& field) {
    Status status{Fault::none, T::id, "", ""};
    if (data.size() < T::size) {
        status.fault = Fault::field_short;
        return status;
    }
    ItemReader reader(data, status);
    T::items(field, reader);
    return status;
}

// Writer appends one frame with one message to out:  Writer(out, tid, &tag).field(a).field(b).end();
class Writer {
    std::string& out_;
    std::size_t start_, body_;
    std::uint16_t count_ = 0;
    bool link_, framed_ = true;
    FieldSet seen_;
    Status status_;

    void begin(std::uint32_t t) {
        body_ = out_.size();
        put8(out_, 2), put32(out_, t), put8(out_, 'S');
        out_.append(10, '\0');  // series, number, count, content length
    }

public:
    Writer(std::string& out, std::uint32_t t, const SessionTag* tag = nullptr) : out_(out), start_(out.size()), body_(0), link_(tid::is_link(t)) {
        begin_frame(out_, 0, tag);
        begin(t);
    }
    struct BodyOnly {};  // for Link::business and Link::broadcast, which make the frame
    Writer(std::string& out, std::uint32_t t, BodyOnly) : out_(out), start_(out.size()), body_(0), link_(false), framed_(false) { begin(t); }

    Writer& sequence(std::uint16_t series, std::uint32_t number, char chain = 'S') {
        out_[body_ + 5] = chain;
        set16(out_, body_ + 6, series), set16(out_, body_ + 8, number >> 16u), set16(out_, body_ + 10, number & 0xFFFFu);
        return *this;
    }
    Writer& raw(std::uint32_t f, Bytes data) {
        if (!status_.ok()) return *this;
        status_.fid = f;
        if (out_.size() - body_ + kFieldHeader + data.size() > kMaxBody) status_.fault = Fault::body_long;
        else if (seen_.add(f, true)) status_.fault = Fault::field_twice;
        if (!status_.ok()) return *this;
        count_++;
        put32(out_, f), put16(out_, static_cast<std::uint16_t>(data.size())), out_.append(data);
        return *this;
    }
    template <class T>
    Writer& field(const T& value) {
        raw(T::id, Bytes());
        if (!status_.ok()) return *this;
        const std::size_t at = out_.size();
        ItemWriter writer(out_, status_);
        T::items(value, writer);
        set16(out_, at - 2, out_.size() - at);
        if (out_.size() - body_ > kMaxBody && status_.ok()) status_.fault = Fault::body_long;
        return *this;
    }
    // end completes the frame. If anything was wrong, out is as it was before.
    Status end() {
        if (!status_.ok()) {
            out_.resize(start_);
            return status_;
        }
        const std::size_t length = out_.size() - body_;
        if (framed_) set16(out_, start_ + 2, length);
        set16(out_, body_ + 12, count_), set16(out_, body_ + 14, length - kMessageHeader);
        return Status{};
    }
};

// ---- 7. The link ------------------------------------------------------------------------------------------------------

// Event is what next() found. The comment beside each kind says which members mean something.
struct Event {
    enum Kind {
        none,
        login,        // identity: answer by accept() or refuse_link()
        verify,       // tag, ticket, request, request_bytes, context, message: answer by verified(), restricted() or refused().
                      // Behind a relay the message has the field RelayedTerminal (0x8009): message.find
        open,         // tag, record, points (count 0: the terminal asked for no history), message: the session is live
        abort,        // tag, reason: what verified() reserved is free again. Or the front stopped waiting for the answer
        close,        // tag, reason: the session is over. It may be one that this link does not have, and that you keep since the link before it
                      // ended: its terminal has gone before the front asked you to resume it
        business,     // tag, header, body: of an open session, or a password_only one's password_update. Of a long message
                      // (header.chain 'F', 'C', 'L') each part: keep them, within a bound, and answer once, behind 'L'. Drop
                      // them unanswered when 'S', 'F' or resume comes before that: the front has refused the rest
        request_code, // tag, header, body (TID 0x8004): a code for the second factor, of a terminal that is not logged in
        resume,       // tag, ticket, resumed, message: answer by resumed() or refuse_resume(). After a lost link, and of each session
                      // after change() of term or state; it may come again before you have answered: answer the last
        credit,       // frames: so many more business frames may be sent to the front; -1: no bound. Hold your sum at 2147483647
        visit,        // tag, header, message. header.tid visit_open: visit_record, terminal: an operator relay reported a customer's
                      // terminal; it may come again. visit_close: ended: that terminal has gone. Nothing is answered
        discarded,    // word, tag if the frame had one, header if it had one: nothing is to be done, count it
        broken        // word: the link is dead, all its sessions with it. Comes once
    };
    Kind kind = none;
    SessionTag tag;
    std::uint64_t ticket = 0;
    Header header;
    Message message;
    Bytes body, request_bytes;
    LinkIdentity identity;
    LoginRequest request;
    SessionContext context;
    SessionRecord record;
    Points points;
    Reason reason;
    ResumeSession resumed;
    SubmitResponse visit_record;
    RelayedTerminal terminal;
    SubmitRef ended;
    std::int32_t frames = 0;
    const char* word = "";
};

enum class SessionState : std::uint8_t { verifying, verified, password_only, open, resuming, kicked };

// Link is one connection of one front, and the sessions on it.
//
//     verify -> verifying - verified() -> verified - open -> open - kick() -> kicked - close -> gone
//                  | refused()| restricted()  | abort          | close
//                  v          v               v                v             resume -> resuming - resumed() -> open
//                 gone   password_only       gone             gone            (of no session, or of an open, resuming or kicked one)
//                           | close, abort, or verify anew
//                           v
//                          gone
//
// By change() to another state than 'A' all of them are gone.
class Link {
public:
    struct Options {
        std::string core_id, instance, trading_day;  // items of LinkAccept
        std::int32_t term = 1;
        char state = 'A';
        std::int32_t heartbeat_seconds = 5;
        std::int32_t credit = -1;
        std::size_t max_sessions = 100'000;  // above it a login is answered 60 without an event
    };
    explicit Link(Options options) : o_(std::move(options)), in_(kInputBytes) { credit_ = o_.credit; }
    ~Link() {  // a connection may end in the middle of a login
        begin_ = end_;
        wipe();
    }
    Link(const Link&) = delete;  // a copy would have the same connection, and the passwords; hold it by std::unique_ptr to move it
    Link& operator=(const Link&) = delete;

    bool dead() const { return fault_ != Fault::none; }
    Fault fault() const { return fault_; }
    bool accepted() const { return accepted_; }
    std::int32_t front_id() const { return front_id_; }
    const std::string& process() const { return process_; }
    std::size_t sessions() const { return sessions_.size(); }
    bool is_open(std::int32_t session) const {
        const auto s = sessions_.find(session);
        return s != sessions_.end() && s->second.state == SessionState::open;
    }
    template <class F>
    void each_session(F call) const {  // call(SessionID, SessionState), which may kick() and ends no session otherwise
        for (const auto& s : sessions_) call(s.first, s.second.state);
    }

    // out is what is to be written; wrote says that the first n bytes of it were. More than out() has, as the -1 of a write() that failed, is
    // not taken: nothing was written then.
    Bytes out() const { return Bytes(out_.data() + written_, out_.size() - written_); }
    void wrote(std::size_t n) {
        if (n > out_.size() - written_) return;
        written_ += n;
        if (written_ == out_.size()) out_.clear(), written_ = 0;
        else if (written_ > out_.size() / 2) out_.erase(0, written_), written_ = 0;
    }

    // roomy says that out() has room for more of a history. One login may ask for a whole day and many may come at once, each of
    // which adds its day to out() before you write a byte of it: above kOutputBytes the link ends, with all its sessions, and
    // ends again when they are resumed. Answers need no look at roomy(): credit bounds them.
    bool roomy() const { return out().size() < kRoomyBytes; }

    // feed takes bytes that came and returns those that did not fit: call next() until it is false, then feed them.
    // now_ms is any clock in milliseconds that does not run backwards.
    Bytes feed(Bytes bytes, std::int64_t now_ms) {
        if (dead()) return Bytes();
        start_clock(now_ms);
        if (!bytes.empty()) heard_ms_ = now_ms;
        compact();
        const std::size_t n = bytes.size() < in_.size() - end_ ? bytes.size() : in_.size() - end_;
        if (n > 0) std::memcpy(in_.data() + end_, bytes.data(), n);
        end_ += n;
        return bytes.substr(n);
    }

    // next gives the next event; false says that more bytes are needed.
    bool next(Event& e) {
        e = Event{};
        wipe();
        while (!dead()) {
            Frame f;
            std::size_t used = 0;
            if (const Fault fault = parse_frame(Bytes(in_.data() + begin_, end_ - begin_), f, used); fault != Fault::none) die(fault);
            else if (used == 0) return false;
            else {
                begin_ += used;
                if (take(f, e)) return true;
                e = Event{};
                wipe();
            }
        }
        return report_end(e);
    }

    // tick sends a heartbeat where nothing was sent for three quarters of a period, so that it is there before the period is over, and
    // ends a link whose front fell silent. Of a dead link it empties
    // out() in the end: a front that is gone, or does not read, would keep the connection for as long as the system tries.
    void tick(std::int64_t now_ms) {
        start_clock(now_ms);
        if (dead()) return linger(now_ms);
        const std::int64_t period = std::int64_t{o_.heartbeat_seconds > 0 ? o_.heartbeat_seconds : kHeartbeatSeconds} * 1000;
        const std::int64_t patience = accepted_ ? period * kSilentPeriods : kLoginMs;
        if (now_ms - heard_ms_ >= patience) return die(Fault::silent);
        if (accepted_ && now_ms - sent_ms_ >= period / 4 * 3) append_heartbeat(out_), sent_ms_ = now_ms;
    }

    // accept answers event login; until then the front sends nothing else.
    bool accept() {
        if (!login_ || accepted_ || dead()) return false;
        accepted_ = sent(Writer(out_, tid::link_login).field(accept_field()).field(Error{}).end());
        return accepted_;
    }
    // refuse_link answers event login with an error; write out(), then close.
    void refuse_link(std::int32_t error, Bytes text) {
        if (!login_ || accepted_ || dead()) return;
        sent(Writer(out_, tid::link_login).field(Error{error, text, Bytes()}).end());
        die(Fault::refused);
    }
    // change tells the front a new state, term or trading day: StateChange with LinkAccept. A term only rises. The
    // field's Credit is what the front has left by our count. A core that is not active has no sessions: with another state than 'A'
    // the Link forgets all of them, and the front does not say how each ends. Ask each_session before. Keep for a grace what was open: if
    // you are active again within it, event resume comes for each that the front still has, and event close may come before.
    // Call it for every Link that you have: one that is not accepted yet sends nothing now, and accept() will say it.
    bool change(char state, std::int32_t term, Bytes trading_day) {
        if (dead() || term < o_.term) return false;
        o_.state = state, o_.term = term, o_.trading_day = std::string(trading_day);
        if (!accepted_) return true;
        if (credit_ > 0) slack_ += credit_;  // frames on their way spend what the front had, and then it has this again
        if (state != 'A') sessions_.clear(), forgot_ = true;
        return sent(Writer(out_, tid::state_change).field(accept_field()).end());
    }

    // unwritten is what was wrong with the last message that was not sent for its contents: a text in GBK, or one longer than its place.
    // accept(), verified(), refused() and the others return false then, as they do for a ticket that is void; but then nothing was
    // answered, and the front waits until its time is over. Log item and problem: they never have the value.
    const Status& unwritten() const { return unwritten_; }

    // verified answers event verify: the login is right and the session reserved.
    bool verified(std::int32_t session, std::uint64_t ticket, VerifyResult result) {
        result.restriction = '0';
        return answer(session, ticket, &result, Error{}, SessionState::verified);
    }
    // restricted answers it 131, 140 or 141: the customer may change the password and nothing else.
    bool restricted(std::int32_t session, std::uint64_t ticket, VerifyResult result, const Error& why) {
        result.restriction = '1';
        return answer(session, ticket, &result, why, SessionState::password_only);
    }
    // refused answers it with any other code.
    bool refused(std::int32_t session, std::uint64_t ticket, const Error& why) {
        if (!answer(session, ticket, nullptr, why, SessionState::verifying)) return false;
        sessions_.erase(session);
        return true;
    }
    // resumed answers event resume: the session goes on; points says from where each flow will. Send what the terminal
    // lacks after it.
    bool resumed(std::int32_t session, std::uint64_t ticket, const Points& points) {
        const auto s = sessions_.find(session);
        if (dead() || s == sessions_.end() || s->second.state != SessionState::resuming || s->second.ticket != ticket) return false;
        const SessionTag tag{front_id_, session};
        Writer w(out_, tid::session_resume, &tag);
        if (points.count > 0) w.field(ResumePoints{points});
        if (!sent(w.field(Error{}).end())) return false;
        s->second.state = SessionState::open;
        return true;
    }
    bool refuse_resume(std::int32_t session, std::uint64_t ticket, const Error& why) {
        const auto s = sessions_.find(session);
        if (dead() || s == sessions_.end() || s->second.state != SessionState::resuming || s->second.ticket != ticket) return false;
        const SessionTag tag{front_id_, session};
        if (!sent(Writer(out_, tid::session_resume, &tag).field(why).end())) return false;
        sessions_.erase(s);
        return true;
    }

    // business sends a body to the terminal of a session: an answer, or a message of a flow. False, and nothing is sent,
    // if the session does not take it now or the body is no business message.
    bool business(std::int32_t session, Bytes body) {
        Header h;
        if (dead() || parse_header(body, h) != Fault::none) return false;
        if (h.tid != tid::request_code) {
            const auto s = sessions_.find(session);
            if (s == sessions_.end() || !tid::is_business(h.tid)) return false;
            if (s->second.state != SessionState::open && !(s->second.state == SessionState::password_only && h.tid == tid::password_update)) return false;
        }
        const SessionTag tag{front_id_, session};
        begin_frame(out_, body.size(), &tag);
        out_.append(body);
        return sent(Status{});
    }
    // broadcast sends a body of a flow (series 1 and above) to an audience of this front.
    bool broadcast(Audience to, Bytes body) {
        Header h;
        if (dead() || !accepted_ || parse_header(body, h) != Fault::none || !tid::is_business(h.tid) || h.series == 0) return false;
        begin_frame(out_, body.size(), nullptr, &to);
        out_.append(body);
        return sent(Status{});
    }
    // kick ends a session: the terminal gets ForceExit, then event close comes.
    bool kick(std::int32_t session, const ForceExit& exit) {
        const auto s = sessions_.find(session);
        if (dead() || s == sessions_.end() || (s->second.state != SessionState::open && s->second.state != SessionState::password_only)) return false;
        const SessionTag tag{front_id_, session};
        if (!sent(Writer(out_, tid::session_kick, &tag).field(exit).end())) return false;
        s->second.state = SessionState::kicked;
        return true;
    }

    // grant lets the front send that many more business frames. Without a limit it does nothing. Where another thread matches, grant what it
    // has done: refill() counts what next() has given you, so that your queue would have no bound.
    bool grant(std::int32_t frames) {
        if (dead() || !accepted_ || credit_ < 0 || frames <= 0 || frames > kMaxInt32 - credit_) return false;
        if (!sent(Writer(out_, tid::link_credit).field(LinkCredit{frames}).end())) return false;
        credit_ += frames;
        spent_ -= frames < spent_ ? frames : spent_;  // refill() does not give it once more; and the sum has a bound
        return true;
    }
    // unlimit takes the bound away for good.
    bool unlimit() {
        if (dead() || !accepted_ || !sent(Writer(out_, tid::link_credit).field(LinkCredit{-1}).end())) return false;
        credit_ = -1;
        return true;
    }
    // hold takes all credit away until grant() or unlimit(), before a core is stopped on purpose: the front holds its terminals' requests back for
    // core.link.wait (1 s). Answer what you have, what is on its way among it, and let the other core become active within that time; end
    // when the front has closed the link. So no request is answered 90, state unknown.
    bool hold() {
        if (!accepted_ || dead()) return false;
        slack_ += credit_ < 0 ? std::int64_t{kMaxInt32} : credit_;  // frames on their way
        credit_ = spent_ = 0;
        return sent(Writer(out_, tid::state_change).field(accept_field()).end());
    }
    // refill grants what the front has used, once that is at least a half of what accept() gave.
    void refill() {
        if (spent_ > 0 && spent_ >= o_.credit / 2) grant(spent_);
    }
    std::int32_t credit() const { return credit_; }

private:
    struct Session {
        SessionState state = SessionState::verifying;
        std::uint64_t ticket = 0;
        std::uint32_t number = 0;  // the last dialog number
        bool chained = false;      // the parts of that number are not complete
    };

    Options o_;
    std::vector<char> in_;  // of one size for good: no copy of a password is left in memory that was given back
    std::size_t begin_ = 0, end_ = 0, wiped_ = 0, written_ = 0;
    std::string out_, process_;
    std::unordered_map<std::int32_t, Session> sessions_;
    std::int32_t front_id_ = 0, credit_ = -1, spent_ = 0;
    std::int64_t slack_ = 0;
    bool forgot_ = false;  // by change()
    std::uint64_t tickets_ = 0;
    std::int64_t now_ms_ = 0, heard_ms_ = 0, sent_ms_ = 0, died_ms_ = 0;
    bool lingers_ = false, login_ = false, accepted_ = false, takes_business_ = false, started_ = false, reported_ = false;
    Fault fault_ = Fault::none;
    Status unwritten_;

    void start_clock(std::int64_t now_ms) {
        if (!started_) started_ = true, heard_ms_ = sent_ms_ = now_ms;
        now_ms_ = now_ms;
    }
    void linger(std::int64_t now_ms) {
        if (!lingers_) lingers_ = true, died_ms_ = now_ms;
        if (now_ms - died_ms_ >= kLingerMs) out_.clear(), written_ = 0;
    }
    void die(Fault f) {
        if (fault_ == Fault::none) fault_ = f;
    }
    bool report_end(Event& e) {
        if (reported_) return false;
        reported_ = true;
        wipe();
        e.kind = Event::broken, e.word = word(fault_);
        return true;
    }
    void wipe() {  // zeros what next() has passed
        volatile char* p = in_.data();
        for (; wiped_ < begin_; wiped_++) p[wiped_] = 0;
    }
    void compact() {
        wipe();
        if (begin_ == 0) return;
        const std::size_t left = end_ - begin_;
        std::memmove(in_.data(), in_.data() + begin_, left);
        volatile char* p = in_.data();
        for (std::size_t i = left; i < end_; i++) p[i] = 0;
        begin_ = wiped_ = 0;
        end_ = left;
    }
    bool sent(const Status& status) {
        if (status.ok()) sent_ms_ = now_ms_;  // of the last call that told the time: never later than it was
        if (!status.ok()) unwritten_ = status;
        if (out().size() > kOutputBytes) die(Fault::output_full);
        return status.ok();
    }
    LinkAccept accept_field() const {
        return LinkAccept{o_.core_id, o_.instance, o_.term, o_.state, o_.trading_day, o_.heartbeat_seconds, credit_};
    }
    bool answer(std::int32_t session, std::uint64_t ticket, const VerifyResult* result, const Error& why, SessionState next) {
        const auto s = sessions_.find(session);
        if (dead() || s == sessions_.end() || s->second.state != SessionState::verifying || s->second.ticket != ticket) return false;
        const SessionTag tag{front_id_, session};
        Writer w(out_, tid::session_verify, &tag);
        if (result != nullptr) w.field(*result);
        if (!sent(w.field(why).end())) return false;
        s->second.state = next;
        return true;
    }

    bool discard(Event& e, const char* rule) {
        e.kind = Event::discarded, e.word = rule;
        return true;
    }
    bool fail(Fault f) {  // the link is dead; next() reports it
        die(f);
        return false;
    }
    bool illegal(Event& e, const Status& s) { return s.fault == Fault::item ? discard(e, "item") : fail(s.fault); }

    // read finds and decodes a field of e.message. False: e or the fault says what is wrong.
    template <class T>
    Status read(const Event& e, T& field) const {
        Bytes data;
        if (!e.message.find(T::id, data)) return Status{Fault::field_missing, T::id, "", ""};
        return decode(data, field);
    }

    // take judges one frame: true if e is an event.
    bool take(const Frame& f, Event& e) {
        if (is_heartbeat(f)) return false;
        if (f.type != frame_ftdc) return discard(e, "frame_type");
        if (const Fault fault = parse_header(f.body, e.header); fault != Fault::none) return fail(fault);
        e.body = f.body;
        const bool tagged = find_session(f.extension, e.tag);
        if (tid::is_link(e.header.tid)) {
            if (const Fault fault = parse_message(f.body, e.message); fault != Fault::none) return fail(fault);
            if (e.header.tid == tid::link_login) return on_login(e);
        }
        if (!accepted_) return fail(Fault::not_logged_in);
        if (e.header.tid == tid::link_credit) return on_credit(e);
        if (!tagged) return discard(e, "session_tag");
        if (e.tag.front != front_id_) return discard(e, "front_id");
        switch (e.header.tid) {
            case tid::session_verify: return on_verify(e);
            case tid::session_open: return on_open(e);
            case tid::session_abort: return on_end(e, Event::abort);
            case tid::session_close: return on_end(e, Event::close);
            case tid::session_resume: return on_resume(e);
            case tid::session_kick: case tid::state_change: return discard(e, "direction");
            case tid::visit_open: case tid::visit_close: return on_visit(e);
            case tid::request_code: e.kind = Event::request_code; return true;
            default: break;
        }
        if (!tid::is_business(e.header.tid)) return discard(e, "tid");
        return on_business(e);
    }

    bool on_login(Event& e) {
        if (login_) return fail(Fault::login_twice);
        if (const Status s = read(e, e.identity); !s.ok()) return fail(s.fault);
        login_ = true;
        if (e.identity.protocol != 1) {
            refuse_link(code::unsupported, "protocol of the link is 001");
            fault_ = Fault::protocol;
            return false;
        }
        front_id_ = e.identity.front_id;
        process_ = std::string(e.identity.process);
        takes_business_ = e.identity.business == '1';
        e.kind = Event::login;
        return true;
    }

    bool on_credit(Event& e) {
        LinkCredit c;
        if (const Status s = read(e, c); !s.ok()) return illegal(e, s);
        if (c.frames < -1) return fail(Fault::bad_credit);
        if (c.frames == 0) return discard(e, "credit");  // it gives nothing
        e.kind = Event::credit, e.frames = c.frames;
        return true;
    }

    // reserve makes room for a session that the front names first: false if the bound is reached.
    bool reserve(std::int32_t session, SessionState state, std::uint64_t& ticket) {
        if (sessions_.size() >= o_.max_sessions) return false;
        Session& s = sessions_[session];
        s = Session{};
        s.state = state, s.ticket = ticket = ++tickets_;
        return true;
    }
    bool answer_error(std::uint32_t t, const SessionTag& tag, std::int32_t error, Bytes text) {
        return sent(Writer(out_, t, &tag).field(Error{error, text, Bytes()}).end());
    }

    bool on_verify(Event& e) {
        const auto known = sessions_.find(e.tag.session);
        if (known != sessions_.end()) {
            if (known->second.state != SessionState::password_only) return discard(e, "verify_twice");
            sessions_.erase(known);  // the password was changed, the terminal logs in again on the same connection
        }
        Status s = read(e, e.request);
        if (s.ok()) s = read(e, e.context);
        if (s.fault == Fault::item) answer_error(tid::session_verify, e.tag, code::illegal_item, s.item);
        if (!s.ok()) return illegal(e, s);
        if (!reserve(e.tag.session, SessionState::verifying, e.ticket)) {
            answer_error(tid::session_verify, e.tag, code::too_many_sessions, "the core's sessions are used up");
            return discard(e, "sessions_full");
        }
        e.message.find(fid::login_request, e.request_bytes);
        e.kind = Event::verify;
        return true;
    }

    bool on_open(Event& e) {
        Status s = read(e, e.record);
        ResumePoints points;
        Bytes data;
        if (s.ok() && e.message.find(fid::resume_points, data)) s = decode(data, points);
        if (!s.ok()) return illegal(e, s);
        const auto known = sessions_.find(e.tag.session);
        if (known == sessions_.end()) return discard(e, "unknown_session");
        if (known->second.state != SessionState::verified) return discard(e, "not_verified");
        known->second.state = SessionState::open;
        e.points = points.points;
        e.kind = Event::open;
        return true;
    }

    bool on_end(Event& e, Event::Kind kind) {
        if (const Status s = read(e, e.reason); !s.ok()) return illegal(e, s);
        const auto known = sessions_.find(e.tag.session);
        e.kind = kind;
        if (known == sessions_.end()) {  // after change() the front aborts what was verified and not opened
            return kind == Event::close || forgot_ || discard(e, "unknown_session");
        }
        const SessionState state = known->second.state;
        const bool reserved = state == SessionState::verifying || state == SessionState::verified;
        // A front that stopped waiting may abort what was answered 131, 140 or 141 meanwhile.
        const bool either = state == SessionState::password_only;
        if (!either && reserved != (kind == Event::abort)) return discard(e, reserved ? "not_open" : "not_reserved");
        sessions_.erase(known);
        return true;
    }

    // A session that this link has is asked for after change(), and again after another: the ticket before is void then.
    bool on_resume(Event& e) {
        if (const Status s = read(e, e.resumed); !s.ok()) return illegal(e, s);
        const auto known = sessions_.find(e.tag.session);
        if (known != sessions_.end()) {
            Session& s = known->second;
            if (s.state != SessionState::open && s.state != SessionState::resuming && s.state != SessionState::kicked) return discard(e, "not_open");
            s.state = SessionState::resuming, s.chained = false;  // the rest of a long message does not come; numbers go on
            s.ticket = e.ticket = ++tickets_;
        } else if (!reserve(e.tag.session, SessionState::resuming, e.ticket)) {
            answer_error(tid::session_resume, e.tag, code::too_many_sessions, "the core's sessions are used up");
            return discard(e, "sessions_full");
        }
        e.kind = Event::resume;
        return true;
    }

    // Visits follow SessionResume at once: the front does not wait for the answer.
    bool on_visit(Event& e) {
        Status s = e.header.tid == tid::visit_open ? read(e, e.visit_record) : read(e, e.ended);
        if (s.ok() && e.header.tid == tid::visit_open) s = read(e, e.terminal);
        if (!s.ok()) return illegal(e, s);
        const auto known = sessions_.find(e.tag.session);
        if (known == sessions_.end()) return discard(e, "unknown_session");
        const SessionState state = known->second.state;
        if (state != SessionState::open && state != SessionState::resuming) return discard(e, state == SessionState::kicked ? "kicked" : "not_open");
        e.kind = Event::visit;
        return true;
    }

    bool on_business(Event& e) {
        if (credit_ == 0 && slack_ == 0) return discard(e, "credit");
        if (credit_ > 0) credit_--, spent_++;
        else if (credit_ == 0) slack_--;
        const auto known = sessions_.find(e.tag.session);
        if (known == sessions_.end()) return discard(e, "unknown_session");
        Session& s = known->second;
        if (s.state == SessionState::password_only && e.header.tid == tid::password_update) {
            e.kind = Event::business;
            return true;
        }
        if (s.state != SessionState::open) return discard(e, s.state == SessionState::kicked ? "kicked" : s.state == SessionState::password_only ? "password_only" : "not_open");
        if (!takes_business_) return discard(e, "verify_only");
        // Dialog numbers rise; a request that the front answered itself leaves a gap. Parts of one message share theirs.
        if (e.header.series != 0) return discard(e, "series");
        const bool first = e.header.chain == 'S' || e.header.chain == 'F';
        if (first ? e.header.number <= s.number : e.header.number != s.number) return discard(e, "sequence");
        if (!first && !s.chained) return discard(e, "chain");
        s.number = e.header.number;
        s.chained = e.header.chain == 'F' || e.header.chain == 'C';
        e.kind = Event::business;
        return true;
    }
};

}  // namespace tradefront

#endif  // TRADEFRONT_CORE_H
