/* A child that is forked after the library was used is refused at once; one that is forked before may use it. */
#include "host.h"
#include <sched.h>

static int refused(struct library *l)
{
    tfc_result *r = (tfc_result *)l;
    double start = milliseconds();
    if (code_of(l) != TFC_FORKED || l->collect(NULL, &r) != TFC_FORKED || r != NULL || l->selfcheck(stdout) != TFC_FORKED) return 1;
    return milliseconds() - start < 2000 ? 0 : 2;
}

static int grandchild_refused(struct library *l) { return child(refused, l); }

static int served(struct library *l)
{
    get(l);
    return child(refused, l);
}

static tfc_result *before;

static int reads_result(struct library *l)
{
    size_t len;
    int i;
    if (l->terminal_info(before, &len) == NULL || len != 9 + CIPHERTEXT || strncmp(l->version(), "TF01 tst 1.0 ", 13) != 0) return 1;
    for (i = 0; i < l->count(before); i++) {
        if (*l->at(before, i).name == '\0') return 2;
    }
    l->free(before);
    return 0;
}

/* The first process of a PID namespace has the ID 1, and so has its child in a namespace of its own: only the page that the kernel wipes tells them apart. */
static int one_again(struct library *l)
{
    if (getpid() != 1) return 3;
    get(l);
    if (unshare(CLONE_NEWPID) != 0) return 0;
    return child(refused, l);
}

/* Where a sandbox allows no namespaces there is nothing to see. */
static int namespaces(struct library *l)
{
    if (unshare(CLONE_NEWPID) != 0) return 0;
    return child(one_again, l);
}

int main(int argc, char **argv)
{
    int alone = threads(); /* an emulator has some of its own */
    struct library l = load(argv[1], argv[2], RTLD_NOW | RTLD_LOCAL);
    (void)argc;
    alarm(30);
    CHECK(threads() == alone); /* loading starts nothing */
    if (getenv("HOST_EMULATED") == NULL) { /* qemu-user itself falls over threads that a forked child starts */
        CHECK(child(served, &l) == 0);
        CHECK(child(served, &l) == 0);
        CHECK(child(namespaces, &l) == 0);
    }
    get(&l);
    CHECK(child(refused, &l) == 0);
    CHECK(child(grandchild_refused, &l) == 0);
    CHECK(l.collect(NULL, &before) >= 0);
    CHECK(child(reads_result, &l) == 0);
    get(&l);
    return 0;
}
