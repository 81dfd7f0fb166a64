/* What the C side of the collection library has inside; nothing of it is exported. */
#ifndef TFC_ENGINE_H
#define TFC_ENGINE_H

#include "tradefront_collect.h"

/* One call into Go. tfc_engine_run runs it on a thread of the library's own and returns 0, or a code below 0 if it could not. */
struct tfc_job {
    void (*run)(struct tfc_job *);
    const tfc_options *options;
    struct tfc_result *result;
    int code;
};

int tfc_engine_run(struct tfc_job *job);

/* 1 in a child that was forked after the library was used, where Go's threads do not exist. */
int tfc_forked(void);

/* Claims the library for this process: from here on, a child that is forked is refused. 0, or -1 without memory. */
int tfc_claim(void);

/* Starts Go's runtime, once; what it changes of the host is put back before it returns. 0, or -1. */
int tfc_runtime_start(void);

/* 1 if the process may have the threads and the address space that Go's runtime takes at its start, which ends the process without them. */
int tfc_room_for_go(void);

/* Gives the host's handlers of signals that Go's threads may get SA_ONSTACK, as Go's runtime does for those that it finds at its start. */
void tfc_runtime_before_call(void);

/* Creates a thread of the library's own that runs fn(arg), and waits for its end. 0, or -1 if there can be none. */
int tfc_thread_run(void *(*fn)(void *), void *arg);

#endif
