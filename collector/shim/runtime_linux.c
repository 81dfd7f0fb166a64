/*
 * Starts Go's runtime in a process that belongs to another program, and puts back what it changes there.
 *
 * The linker would start it when the library is loaded; the build takes that out (collector/build.go), so that a host which only loads the
 * library has no thread more, and may fork. At the first call this file starts it with every signal blocked, so that Go's threads inherit
 * that mask, with an environment of its own in place of the host's GODEBUG, GOGC and GOMAXPROCS, and then puts back the handlers of all
 * signals and the limit of open files, which Go's runtime and its package os replace.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"

/* Go's entry of a library: takes argc and argv as _init does. */
extern void tfcGoStart(int argc, char **argv);

/* Returns when all of Go's packages are initialised. */
extern void tfcGoReady(void);

enum { SIGNALS = 65 };

/* What Go's runtime reads at its start: arguments, environment, auxiliary vector, each with its end. */
static struct {
    char *argv[2];
    char *env[5];
    unsigned long aux[2 * 8];
} start;

static void describe_process(void)
{
    static const unsigned long keys[] = {AT_PAGESZ, AT_RANDOM, AT_HWCAP, AT_HWCAP2, AT_SYSINFO_EHDR, AT_SECURE};
    size_t i;
    start.argv[0] = "tradefront_collect";
    start.env[0] = "GOGC=off";                    /* the library collects its garbage at the end of a call, and never between calls */
    start.env[1] = "GOMEMLIMIT=268435456";        /* but before 256 MiB, of which 64 are addresses without memory (golib/garbage.go) */
    start.env[2] = "GOMAXPROCS=1";                /* one call at a time needs no more, and has fewer threads */
    start.env[3] = "GODEBUG=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0";  /* Go's threads send each other no SIGURG */
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        start.aux[2 * i] = keys[i];
        start.aux[2 * i + 1] = getauxval(keys[i]);
    }
}

static void *wait_ready(void *unused)
{
    (void)unused;
    tfcGoReady();
    return NULL;
}

/* A handler as the kernel has it, so that what is put back is the same to the byte; libc's sigaction adds flags of its own. */
struct handler {
    unsigned char bytes[64];
};

enum { KERNEL_SIGSET = 8 };

static int get_handler(int sig, struct handler *h)
{
    memset(h, 0, sizeof *h);
    return syscall(SYS_rt_sigaction, sig, NULL, h, KERNEL_SIGSET) == 0;
}

static void save_handlers(struct handler saved[SIGNALS], char known[SIGNALS])
{
    int sig;
    for (sig = 1; sig < SIGNALS; sig++) {
        known[sig] = (char)get_handler(sig, &saved[sig]);
    }
}

/* libc's own, by which it has every thread change its user: Go's runtime has added SA_ONSTACK, and needs it. */
static int of_libc(int sig)
{
    return sig >= 32 && sig <= 34;
}

static void restore_handlers(const struct handler saved[SIGNALS], const char known[SIGNALS])
{
    int sig;
    for (sig = 1; sig < SIGNALS; sig++) {
        struct handler now;
        if (known[sig] && !of_libc(sig) && get_handler(sig, &now) && memcmp(&now, &saved[sig], sizeof now) != 0) {
            (void)syscall(SYS_rt_sigaction, sig, &saved[sig], NULL, KERNEL_SIGSET);
        }
    }
}

static void start_go(void)
{
    struct handler saved[SIGNALS];
    char known[SIGNALS];
    describe_process();
    save_handlers(saved, known);
    tfcGoStart(1, start.argv); /* installs Go's handlers before it returns; the rest of the start is a thread's */
    restore_handlers(saved, known);
}

int tfc_runtime_start(void)
{
    static int started, ready;
    static struct rlimit files;
    static int limited;
    if (ready) {
        return 0;
    }
    if (!started) {
        if (!tfc_room_for_go()) {
            return -1;
        }
        limited = getrlimit(RLIMIT_NOFILE, &files) == 0;
        start_go();
        started = 1; /* never a second time, even if what follows fails */
    }
    if (tfc_thread_run(wait_ready, NULL) != 0) {
        return -1;
    }
    if (limited) {
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    ready = 1;
    return 0;
}

void tfc_runtime_before_call(void)
{
    static const int signals[] = {SIGPROF, SIGCHLD};
    size_t i;
    for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN && !(now.sa_flags & SA_ONSTACK)) {
            now.sa_flags |= SA_ONSTACK;
            (void)sigaction(signals[i], &now, NULL);
        }
    }
}
