/* vendors LIBRARY VENDOR LIBRARY VENDOR: two vendors' libraries in one process, each with its own key, in every order of loading. */
#include "host.h"

static void *caller(void *arg)
{
    int i;
    for (i = 0; i < 50; i++) get(arg);
    return NULL;
}

static void write_field(struct library *l, const char *path)
{
    tfc_result *r;
    size_t len;
    const unsigned char *field;
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && l->collect(NULL, &r) >= 0);
    field = l->terminal_info(r, &len);
    CHECK(fwrite(field, 1, len, f) == len && fclose(f) == 0);
    l->free(r);
}

int main(int argc, char **argv)
{
    struct library one, two;
    pthread_t t;
    CHECK(argc == 7);
    alarm(60);
    one = load(argv[1], argv[2], RTLD_NOW | RTLD_GLOBAL);
    two = load(argv[3], argv[4], RTLD_NOW | RTLD_GLOBAL);
    CHECK(one.collect != two.collect && strncmp(one.version(), argv[2], 4) == 0 && strncmp(two.version(), argv[4], 4) == 0);
    CHECK(pthread_create(&t, NULL, caller, &one) == 0);
    caller(&two);
    pthread_join(t, NULL);
    CHECK(threads() <= 20);
    write_field(&one, argv[5]);
    write_field(&two, argv[6]);
    return 0;
}
