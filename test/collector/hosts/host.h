/* What the hosts of the tests have in common. A host ends by 0 if what its name says holds; otherwise it prints what does not, and ends by 1. */
#ifndef HOST_H
#define HOST_H

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tradefront_collect.h"

#define FAIL(...) \
    do { \
        printf("%s:%d: ", __FILE__, __LINE__); \
        printf(__VA_ARGS__); \
        printf("\n"); \
        fflush(stdout); \
        _exit(1); \
    } while (0)
#define CHECK(condition) \
    do { \
        if (!(condition)) FAIL("not so: %s", #condition); \
    } while (0)

enum { CIPHERTEXT = 256 };

/* A library that was loaded late, as plug-ins are. */
struct library {
    void *handle;
    int (*getsysteminfo)(char *, int *);
    int (*collect)(const tfc_options *, tfc_result **);
    const unsigned char *(*terminal_info)(const tfc_result *, size_t *);
    unsigned (*missing)(const tfc_result *);
    char (*flag)(const tfc_result *);
    int (*count)(const tfc_result *);
    tfc_item (*at)(const tfc_result *, int);
    char *(*explain)(const tfc_result *);
    int (*selfcheck)(FILE *);
    const char *(*version)(void);
    void (*free)(tfc_result *);
    void (*free_text)(char *);
};

static void *symbol(void *handle, const char *name)
{
    void *p = dlsym(handle, name);
    if (p == NULL) FAIL("%s", dlerror());
    return p;
}

static inline struct library load(const char *path, const char *vendor, int flags)
{
    struct library l;
    char name[64];
    l.handle = dlopen(path, flags);
    if (l.handle == NULL) FAIL("%s", dlerror());
    snprintf(name, sizeof name, "%s_getsysteminfo", vendor);
    *(void **)&l.getsysteminfo = symbol(l.handle, name);
    *(void **)&l.collect = symbol(l.handle, "tfc_collect");
    *(void **)&l.terminal_info = symbol(l.handle, "tfc_terminal_info");
    *(void **)&l.missing = symbol(l.handle, "tfc_missing");
    *(void **)&l.flag = symbol(l.handle, "tfc_flag");
    *(void **)&l.count = symbol(l.handle, "tfc_count");
    *(void **)&l.at = symbol(l.handle, "tfc_at");
    *(void **)&l.explain = symbol(l.handle, "tfc_explain");
    *(void **)&l.selfcheck = symbol(l.handle, "tfc_selfcheck");
    *(void **)&l.version = symbol(l.handle, "tfc_version");
    *(void **)&l.free = symbol(l.handle, "tfc_free");
    *(void **)&l.free_text = symbol(l.handle, "tfc_free_text");
    return l;
}

/* One call that must succeed. */
static inline void get(struct library *l)
{
    char out[512];
    int len = sizeof out, code = l->getsysteminfo(out, &len);
    if (code < 0 || len != CIPHERTEXT) FAIL("code %d, length %d", code, len);
}

static inline int code_of(struct library *l)
{
    char out[512];
    int len = sizeof out;
    return l->getsysteminfo(out, &len);
}

static inline double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline int entries(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;
    while (readdir(d) != NULL) n++;
    closedir(d);
    return n - 2;
}

static inline int threads(void) { return entries("/proc/self/task"); }

static inline long resident_kib(void)
{
    long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%ld %ld", &size, &resident) != 2) FAIL("no statm");
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The code that a child returns, waited for no longer than the caller's alarm. */
static inline int child(int (*run)(struct library *), struct library *l)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a child that hangs has its signals blocked: it ends with its parent, which has an alarm */
        _exit(run(l));
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status)) FAIL("child: status 0x%x", status);
    return WEXITSTATUS(status);
}

#endif
