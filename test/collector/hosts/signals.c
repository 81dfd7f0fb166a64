/* The host's signal handlers, masks and limits are as before, and work while the library is used. */
#include "host.h"
#include <setjmp.h>
#include <sys/syscall.h>

/* A handler as the kernel has it, to the byte. */
struct kernel_handler {
    unsigned char bytes[64];
};

static void all_handlers(struct kernel_handler h[65])
{
    int sig;
    memset(h, 0, 65 * sizeof *h);
    for (sig = 1; sig < 65; sig++) syscall(SYS_rt_sigaction, sig, NULL, &h[sig], 8);
}

static volatile sig_atomic_t hits[65];
static sigjmp_buf back;

static void count(int sig) { hits[sig]++; }

static void jump(int sig)
{
    hits[sig]++;
    siglongjmp(back, 1);
}

static void handle(int sig, void (*fn)(int), int flags)
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = fn;
    a.sa_flags = flags;
    CHECK(sigaction(sig, &a, NULL) == 0);
}

static void fault(void)
{
    volatile int *nowhere = NULL;
    if (sigsetjmp(back, 1) == 0) *nowhere = 1;
}

static void nothing_changes(struct library *l)
{
    static struct kernel_handler first[65], second[65];
    struct rlimit limit, now;
    sigset_t mask, after;
    stack_t stack;
    int sig;
    handle(SIGSEGV, jump, SA_SIGINFO);
    handle(SIGPIPE, count, 0);
    handle(SIGPROF, count, SA_RESTART | SA_ONSTACK);
    handle(SIGCHLD, count, SA_NOCLDSTOP | SA_ONSTACK);
    handle(SIGURG, count, SA_NODEFER);
    memset(&mask, 0, sizeof mask);
    memset(&after, 0, sizeof after);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0); /* the hard one may be lowered alone */
    limit.rlim_max -= 1;
    limit.rlim_cur = 200;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    all_handlers(first);
    errno = 77;
    get(l);
    CHECK(errno == 77);
    get(l);
    all_handlers(second);
    for (sig = 1; sig < 65; sig++) {
        if (sig >= 32 && sig <= 34) continue; /* libc's own */
        if (memcmp(&first[sig], &second[sig], sizeof first[sig]) != 0) FAIL("the handler of signal %d has changed", sig);
    }
    CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == limit.rlim_cur && now.rlim_max == limit.rlim_max);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    CHECK(memcmp(&mask, &after, sizeof mask) == 0);
    CHECK(sigaltstack(NULL, &stack) == 0 && stack.ss_flags == SS_DISABLE);
}

/* As a JVM and crash reporters do. */
static void faults_are_the_hosts(void)
{
    int i;
    for (i = 0; i < 100; i++) fault();
    CHECK(hits[SIGSEGV] == 100);
    raise(SIGPIPE);
    CHECK(hits[SIGPIPE] == 1);
}

static void broken_pipe_is_the_hosts(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    close(fds[0]);
    CHECK(write(fds[1], "x", 1) == -1 && errno == EPIPE && hits[SIGPIPE] == 2);
    close(fds[1]);
}

/* A profiler with a handler that has no stack of its own, put in after the library was used. */
static void profiled(struct library *l)
{
    struct itimerval each = {{0, 500}, {0, 500}}, off = {{0, 0}, {0, 0}};
    struct sigaction now;
    int i;
    handle(SIGPROF, count, SA_RESTART);
    setitimer(ITIMER_PROF, &each, NULL);
    for (i = 0; i < 20000 && (i < 300 || hits[SIGPROF] < 20); i++) get(l);
    setitimer(ITIMER_PROF, &off, NULL);
    CHECK(hits[SIGPROF] >= 20);
    CHECK(sigaction(SIGPROF, NULL, &now) == 0 && now.sa_handler == count && now.sa_flags & SA_ONSTACK); /* on no stack of Go's */
}

static int ends(struct library *l)
{
    (void)l;
    return 0;
}

static void children_are_reaped_by_the_host(struct library *l)
{
    int i, before = hits[SIGCHLD];
    handle(SIGCHLD, count, SA_RESTART);
    for (i = 0; i < 20; i++) {
        CHECK(child(ends, l) == 0);
        get(l);
    }
    CHECK(hits[SIGCHLD] > before);
}

static struct library *in_handler;
static volatile sig_atomic_t handler_code = 1 << 20;

static void call(int sig)
{
    (void)sig;
    handler_code = code_of(in_handler);
}

/* In a handler, on a small stack of its own, in a thread that is at a known place. */
static void called_in_a_handler(struct library *l)
{
    stack_t own, old;
    own.ss_sp = malloc(16384);
    own.ss_size = 16384;
    own.ss_flags = 0;
    CHECK(sigaltstack(&own, &old) == 0);
    in_handler = l;
    handle(SIGUSR1, call, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(handler_code >= 0 && handler_code < 1024);
    CHECK(sigaltstack(&old, NULL) == 0);
    free(own.ss_sp);
}

static void *caller(void *l)
{
    int i;
    for (i = 0; i < 100; i++) get(l);
    return NULL;
}

/* Signals that come while another thread is in the library, one of whose handlers calls it. */
static void called_in_a_handler_meanwhile(struct library *l)
{
    pthread_t t;
    int i;
    handle(SIGUSR1, call, 0);
    CHECK(pthread_create(&t, NULL, caller, l) == 0);
    for (i = 0; i < 50; i++) {
        handler_code = -100;
        raise(SIGUSR1);
        CHECK(handler_code >= 0);
    }
    pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
    struct library l = load(argv[1], argv[2], RTLD_NOW | RTLD_LOCAL);
    (void)argc;
    alarm(60);
    nothing_changes(&l);
    faults_are_the_hosts();
    broken_pipe_is_the_hosts();
    profiled(&l);
    children_are_reaped_by_the_host(&l);
    called_in_a_handler(&l);
    called_in_a_handler_meanwhile(&l);
    fault();
    CHECK(hits[SIGSEGV] == 101);
    return 0;
}
