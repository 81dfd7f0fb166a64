/*
 * Go's runtime ends the process when it gets no thread or no memory at its start. Under RLIMIT_NPROC, a cgroup's pids.max or RLIMIT_AS that
 * would be the host's end, so this file tries first, and a call without room returns TFC_INTERNAL.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>

#include "engine.h"

enum { THREADS = 8 }; /* Go has started five after 100,000 calls */

/* Go's tables and arenas and what libc has for the threads take 1.65 GiB of addresses in the first call, of which some 10 MB are ever touched. */
static const size_t ADDRESSES = (size_t)2 << 30;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *unused)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return unused;
}

/* All of them at once, as Go has them. */
static int room_for_threads(void)
{
    pthread_t threads[THREADS];
    int n, i;
    pthread_mutex_lock(&gate);
    for (n = 0; n < THREADS && pthread_create(&threads[n], NULL, wait_at_gate, NULL) == 0; n++) {
    }
    pthread_mutex_unlock(&gate);
    for (i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
    return n == THREADS;
}

static int room_for_addresses(void)
{
    void *p = mmap(NULL, ADDRESSES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED && munmap(p, ADDRESSES) == 0;
}

int tfc_room_for_go(void)
{
    return room_for_threads() && room_for_addresses();
}
