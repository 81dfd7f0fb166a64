/* threads LIBRARY VENDOR CALLS: CALLS calls of 64 threads; no thread, no descriptor and no memory more with each call. */
#include "host.h"

enum { THREADS = 64 };

static int calls;

static void *caller(void *arg)
{
    struct library *l = arg;
    int i;
    for (i = 0; i < calls / THREADS; i++) {
        if (i % 2 == 0) {
            get(l);
        } else {
            tfc_result *r;
            char *text;
            CHECK(l->collect(NULL, &r) >= 0);
            text = l->explain(r);
            CHECK(text != NULL && *text != '\0');
            l->free_text(text);
            l->free(r);
        }
    }
    return NULL;
}

static void round_of(struct library *l, size_t stack)
{
    pthread_t t[THREADS];
    pthread_attr_t attr;
    int i;
    pthread_attr_init(&attr);
    if (stack != 0) CHECK(pthread_attr_setstacksize(&attr, stack) == 0);
    for (i = 0; i < THREADS; i++) CHECK(pthread_create(&t[i], &attr, caller, l) == 0);
    for (i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
}

int main(int argc, char **argv)
{
    struct library l = load(argv[1], argv[2], RTLD_NOW | RTLD_LOCAL);
    double start, first;
    long before;
    int wanted = argc > 3 ? atoi(argv[3]) : 640, descriptors;
    alarm(580);
    descriptors = entries("/proc/self/fd");
    start = milliseconds();
    get(&l);
    first = milliseconds() - start;
    calls = 320;
    round_of(&l, 65536); /* hosts have threads with small stacks */
    before = resident_kib();
    calls = wanted;
    start = milliseconds();
    round_of(&l, 0);
    printf("first %.2f ms, later %.3f ms, threads %d, resident %ld KiB, then %ld KiB\n", first, (milliseconds() - start) / wanted, threads() - 1, before,
           resident_kib());
    CHECK(entries("/proc/self/fd") == descriptors);
    CHECK(threads() <= 12);
    CHECK(resident_kib() - before < 8192);
    return 0;
}
