// hops PORT takes one client on loopback, connects it to 127.0.0.1:PORT, and copies bytes between both on one thread with
// one epoll: what two socket hops cost here, in any program. It prints where it listens.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static void watch(int epoll, int fd) {
    int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (argc != 2) return 2;

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    must(bind(listener, (struct sockaddr *)&address, length), "bind");
    must(listen(listener, 1), "listen");
    must(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
    printf("127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int client = accept(listener, NULL, NULL), core = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    must(client, "accept");
    address.sin_port = htons((unsigned short)atoi(argv[1]));
    must(connect(core, (struct sockaddr *)&address, length), "connect");
    watch(epoll, client);
    watch(epoll, core);

    static char bytes[1 << 16];
    for (;;) {
        struct epoll_event event; // one at a time: there is one message in flight
        if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
        int from = event.data.fd;
        ssize_t n = read(from, bytes, sizeof bytes);
        if (n <= 0) return n < 0; // an end has closed
        if (write(from == client ? core : client, bytes, (size_t)n) != n) return 1;
    }
}
