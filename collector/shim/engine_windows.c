/*
 * Windows has no fork, and no signals that Go's runtime could take from the host: the runtime starts when the DLL is loaded, and a call goes into
 * it from the caller's thread. Calls wait for one another as on Linux.
 */
#include <windows.h>

#include "engine.h"

static SRWLOCK one_at_a_time = SRWLOCK_INIT;

int tfc_forked(void)
{
    return 0;
}

int tfc_engine_run(struct tfc_job *job)
{
    AcquireSRWLockExclusive(&one_at_a_time);
    job->run(job);
    ReleaseSRWLockExclusive(&one_at_a_time);
    return 0;
}
