/*
 * One call into Go, from any thread of the host. It runs on a thread of the library's own, which ends with the call: the caller's signal mask,
 * alternate stack, thread-local storage and stack size never meet Go. Calls wait for one another, so that the library has a bounded number
 * of threads, however many the host has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "engine.h"

/* The stack of a thread of the library's own. Go's own code runs on stacks that it allocates; this one is for its runtime and for libc. */
#define THREAD_STACK (256 * 1024)

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

int tfc_thread_run(void *(*fn)(void *), void *arg)
{
    pthread_attr_t attr;
    pthread_t thread;
    int failed;
    if (pthread_attr_init(&attr) != 0) {
        return -1;
    }
    failed = pthread_attr_setstacksize(&attr, THREAD_STACK) != 0 || pthread_create(&thread, &attr, fn, arg) != 0;
    pthread_attr_destroy(&attr);
    if (failed) {
        return -1;
    }
    return pthread_join(thread, NULL) == 0 ? 0 : -1;
}

static void *run(void *arg)
{
    struct tfc_job *job = arg;
    job->run(job);
    return NULL;
}

static int run_locked(struct tfc_job *job)
{
    if (tfc_runtime_start() != 0) {
        return TFC_INTERNAL;
    }
    tfc_runtime_before_call();
    return tfc_thread_run(run, job) == 0 ? 0 : TFC_INTERNAL;
}

int tfc_engine_run(struct tfc_job *job)
{
    sigset_t all, before;
    int code, cancel, saved = errno;
    if (tfc_forked()) {
        return TFC_FORKED;
    }
    if (tfc_claim() != 0) {
        return TFC_INTERNAL;
    }
    /* No handler of the host runs in this thread while it holds the lock, where it could call the library again, and no pthread_cancel ends it. */
    sigfillset(&all);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&one_at_a_time);
    code = run_locked(job);
    pthread_mutex_unlock(&one_at_a_time);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_setcancelstate(cancel, &cancel);
    errno = saved;
    return code;
}
