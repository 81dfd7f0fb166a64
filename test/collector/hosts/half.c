/* The C half of the library with a Go half that is played here. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "result.h"

int TF01_getsysteminfo(char *out, int *len);

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1); \
        } \
    } while (0)

static int starts;
static _Atomic int ready, inside, calls, next_code, next_items;

/* Go's start takes handlers and limits, as the real one does. */
void tfcGoStart(int argc, char **argv);
void tfcGoReady(void);
int tfcGoCollect(int clear, struct tfc_result *r);

static void gos(int sig) { (void)sig; }

void tfcGoStart(int argc, char **argv)
{
    static const int taken[] = {SIGSEGV, SIGBUS, SIGFPE, SIGPIPE, SIGURG};
    sigset_t mask;
    size_t i;
    CHECK(argc == 1 && argv[0] != NULL && argv[1] == NULL && strncmp(argv[2], "GO", 2) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGINT) && sigismember(&mask, SIGPROF));
    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) signal(taken[i], gos);
    starts++;
}

void tfcGoReady(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    ready++;
}

int tfcGoCollect(int clear, struct tfc_result *r)
{
    int i, n = next_items;
    CHECK(starts == 1 && ready == 1 && inside++ == 0);
    calls++;
    if (next_code >= 0) {
        r->ciphertext = calloc(1, 256);
        r->ciphertext_len = 256;
        r->field = calloc(1, 265);
        r->field_len = 265;
        r->explain = strdup("explained\n");
    }
    if (n > 0) {
        r->items = calloc((size_t)n, sizeof *r->items);
        r->count = n;
    }
    for (i = 0; i < n && r->items != NULL; i++) {
        tfc_item item = {strdup("name"), clear, strdup("source"), strdup(""), strdup(""), i % 2 ? NULL : strdup("masked")};
        r->items[i] = item;
    }
    inside--;
    return next_code;
}

static void codes(void)
{
    static const int all[] = {0, 1, 1023, TFC_NO_RANDOM, TFC_KEY, TFC_NOTHING, TFC_INTERNAL};
    size_t i;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        tfc_result *r = (tfc_result *)1;
        char out[512];
        int len = sizeof out;
        next_code = all[i];
        next_items = (int)i;
        CHECK(tfc_collect(NULL, &r) == all[i]);
        CHECK((r != NULL) == (all[i] >= 0 || all[i] == TFC_NOTHING));
        tfc_free(r);
        CHECK(TF01_getsysteminfo(out, &len) == all[i] && len == (all[i] >= 0 ? 256 : 0));
        len = 255;
        CHECK(TF01_getsysteminfo(out, &len) == (all[i] >= 0 ? TFC_BUFFER : all[i]));
        (void)tfc_selfcheck(NULL);
    }
    next_code = 0;
}

static void *caller(void *unused)
{
    int i;
    for (i = 0; i < 20; i++) {
        tfc_result *r;
        tfc_options o = {sizeof o, 1};
        CHECK(tfc_collect(&o, &r) == 0 && tfc_count(r) == 3 && tfc_at(r, 0).state == 1 && tfc_at(r, 3).state == TFC_ABSENT);
        tfc_free(r);
    }
    return unused;
}

static void many_threads(void)
{
    pthread_t t[16];
    int i, before = calls;
    next_items = 3;
    for (i = 0; i < 16; i++) CHECK(pthread_create(&t[i], NULL, caller, NULL) == 0);
    for (i = 0; i < 16; i++) pthread_join(t[i], NULL);
    CHECK(calls == before + 16 * 20);
}

int main(void)
{
    struct sigaction a;
    struct rlimit before, after;
    getrlimit(RLIMIT_NOFILE, &before);
    many_threads(); /* the first of which starts Go */
    codes();
    CHECK(starts == 1 && sigaction(SIGPIPE, NULL, &a) == 0 && a.sa_handler == SIG_DFL && sigaction(SIGURG, NULL, &a) == 0 && a.sa_handler == SIG_DFL);
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK(before.rlim_cur == after.rlim_cur);
    return 0;
}
