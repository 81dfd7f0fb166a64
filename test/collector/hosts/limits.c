/* limits LIBRARY VENDOR WHAT: a host that is short of something gets a code, and lives. */
#include "host.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* getrandom fails, as in a sandbox that does not know it. */
static void no_random(struct library *l)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {4, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    CHECK(code_of(l) == TFC_NO_RANDOM);
    CHECK(code_of(l) == TFC_NO_RANDOM);
}

static void no_addresses(struct library *l)
{
    struct rlimit limit = {200 << 20, 200 << 20};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    CHECK(code_of(l) == TFC_INTERNAL);
    CHECK(code_of(l) == TFC_INTERNAL);
}

enum { TOO_FEW = 42 }; /* an exit status that neither CHECK nor Go has */

static struct rlimit addresses;

/* As many calls as collect Go's garbage. */
static int calls_with_addresses(struct library *l)
{
    int i, code = 0;
    CHECK(setrlimit(RLIMIT_AS, &addresses) == 0);
    for (i = 0; i < 40; i++) {
        code = code_of(l);
        CHECK(code == TFC_INTERNAL || (code >= 0 && code < 1024));
    }
    return code == TFC_INTERNAL ? TOO_FEW : 0;
}

/* At any limit, from too little to enough: a code, and no end by Go's hand. Each limit has a child of its own, forked before the first call. */
static void few_addresses(struct library *l)
{
    rlim_t mib;
    int enough = 0, too_few = 0;
    for (mib = 256; mib <= 3072; mib += 128) {
        addresses.rlim_cur = addresses.rlim_max = mib << 20;
        int status = child(calls_with_addresses, l);
        if (status != 0 && status != TOO_FEW) FAIL("%llu MiB: status %d", (unsigned long long)mib, status);
        if (status == 0) enough++; else too_few++;
    }
    CHECK(enough > 0 && too_few > 0);
}

static void no_threads(struct library *l)
{
    struct rlimit limit = {1, 1};
    CHECK(setuid(65534) == 0 && setrlimit(RLIMIT_NPROC, &limit) == 0); /* the limit does not hold for root */
    CHECK(code_of(l) == TFC_INTERNAL);
    CHECK(code_of(l) == TFC_INTERNAL);
}

/* A host that closes all descriptors which it did not open. */
static void descriptors_closed(struct library *l)
{
    int fd, i;
    get(l);
    for (fd = 3; fd < 1024; fd++) close(fd);
    for (i = 0; i < 100; i++) get(l);
}

static void no_descriptors(struct library *l)
{
    struct rlimit limit = {3, 3};
    int code;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    code = code_of(l);
    CHECK(code == TFC_NOTHING || (code > 0 && code < 1024));
}

static void another_user(struct library *l)
{
    get(l);
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    get(l);
    CHECK(setuid(0) != 0);
}

static char folder[] = "/tmp/collector-root-XXXXXX";

static int in_folder(struct library *l)
{
    int code;
    CHECK(chroot(folder) == 0 && chdir("/") == 0);
    code = code_of(l);
    CHECK(code > 0 && (code & TFC_MISSING_DISK) && (code & TFC_MISSING_OS_VERSION) && !(code & TFC_MISSING_TIME));
    return 0;
}

/* Nothing of /sys, /proc and /run is there. */
static void empty_root(struct library *l)
{
    CHECK(mkdtemp(folder) != NULL);
    CHECK(child(in_folder, l) == 0);
    CHECK(rmdir(folder) == 0);
}

static void *forever(void *arg)
{
    for (;;) get(arg);
    return NULL;
}

/* The process ends while other threads are in the library. */
static void ends_meanwhile(struct library *l)
{
    pthread_t t;
    int i;
    for (i = 0; i < 8; i++) CHECK(pthread_create(&t, NULL, forever, l) == 0);
    for (i = 0; i < 20; i++) get(l);
    exit(0);
}

static void *until_cancelled(void *arg)
{
    for (;;) {
        get(arg);
        pthread_testcancel();
    }
    return NULL;
}

/* A thread that is cancelled in a call leaves the library usable. It is joined: glibc's own unwinding of a cancelled thread does not
 * survive an exit() meanwhile, which takes its library away. */
static void cancelled(struct library *l)
{
    pthread_t threads[20];
    int i;
    for (i = 0; i < 20; i++) {
        CHECK(pthread_create(&threads[i], NULL, until_cancelled, l) == 0);
        get(l);
        pthread_cancel(threads[i]);
        get(l);
    }
    for (i = 0; i < 20; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0 && result == PTHREAD_CANCELED);
    }
    get(l);
}

static void environment(struct library *l)
{
    get(l);
    CHECK(threads() <= 8); /* GOMAXPROCS=64 of the host's environment is not for this library */
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct library *);
    } all[] = {
        {"no-random", no_random}, {"no-addresses", no_addresses}, {"few-addresses", few_addresses}, {"no-threads", no_threads},
        {"descriptors-closed", descriptors_closed}, {"no-descriptors", no_descriptors}, {"another-user", another_user}, {"empty-root", empty_root}, {"ends-meanwhile", ends_meanwhile},
        {"cancelled", cancelled}, {"environment", environment},
    };
    struct library l = load(argv[1], argv[2], RTLD_NOW | RTLD_LOCAL);
    size_t i;
    CHECK(argc == 4);
    alarm(60);
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].name, argv[3]) == 0) {
            all[i].run(&l);
            return 0;
        }
    }
    FAIL("no such test: %s", argv[3]);
}
