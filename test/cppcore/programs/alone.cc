// alone includes the header first and nothing else, twice, and uses what is a template.
#include "tradefront_core.h"
#include "tradefront_core.h"

std::size_t alone(tradefront::Bytes bytes);

std::size_t alone(tradefront::Bytes bytes) {
    tradefront::Link link(tradefront::Link::Options{});
    tradefront::Event e;
    std::size_t events = 0;
    link.feed(bytes, 0);
    while (link.next(e)) events++;
    link.each_session([&events](std::int32_t, tradefront::SessionState) { events++; });
    return events;
}
