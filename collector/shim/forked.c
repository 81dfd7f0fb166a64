/*
 * Is this process the one that started Go's runtime? A child of fork has the caller's thread and no other: a call into Go would wait for
 * threads that do not exist. Two proofs, either of which refuses: the process ID, and a page that the kernel empties in a child (Linux 4.14).
 * The page is for a child that has its parent's ID, as the first process of a new PID namespace may.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static _Atomic(pid_t) owner;
static _Atomic(volatile uint32_t *) witness;

static volatile uint32_t *new_witness(void)
{
    long size = sysconf(_SC_PAGESIZE);
    volatile uint32_t *page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    (void)madvise((void *)page, (size_t)size, MADV_WIPEONFORK); /* an older kernel refuses: the process ID is left */
    *page = 1;
    return page;
}

int tfc_claim(void)
{
    if (atomic_load(&witness) == NULL) {
        volatile uint32_t *page = new_witness();
        volatile uint32_t *none = NULL;
        if (page == NULL) {
            return -1;
        }
        if (!atomic_compare_exchange_strong(&witness, &none, page)) {
            munmap((void *)page, (size_t)sysconf(_SC_PAGESIZE)); /* another thread was first */
        }
    }
    pid_t unclaimed = 0;
    atomic_compare_exchange_strong(&owner, &unclaimed, getpid());
    return 0;
}

int tfc_forked(void)
{
    volatile uint32_t *page = atomic_load(&witness);
    pid_t pid = atomic_load(&owner);
    if (page == NULL) {
        return 0;
    }
    return *page == 0 || (pid != 0 && pid != getpid());
}
