/* Arguments that a host gets wrong. */
#include "host.h"

static void buffers(struct library *l)
{
    char out[512];
    static const int rooms[] = {-1, 0, 1, 255};
    int len, i;
    CHECK(l->getsysteminfo(NULL, NULL) == TFC_BUFFER);
    CHECK(l->getsysteminfo(out, NULL) == TFC_BUFFER);
    len = 512;
    CHECK(l->getsysteminfo(NULL, &len) == TFC_BUFFER && len == CIPHERTEXT);
    for (i = 0; i < 4; i++) {
        len = rooms[i];
        memset(out, '#', sizeof out);
        CHECK(l->getsysteminfo(out, &len) == TFC_BUFFER && len == CIPHERTEXT);
        CHECK(out[0] == '#' && memcmp(out, out + 1, sizeof out - 1) == 0);
    }
    len = CIPHERTEXT;
    memset(out, '#', sizeof out);
    CHECK(l->getsysteminfo(out, &len) >= 0 && len == CIPHERTEXT && out[CIPHERTEXT] == '#');
}

static void nulls(struct library *l)
{
    size_t len = 1;
    char *text;
    CHECK(l->collect(NULL, NULL) == TFC_BUFFER);
    CHECK(l->terminal_info(NULL, &len) == NULL && len == 0 && l->terminal_info(NULL, NULL) == NULL);
    CHECK(l->missing(NULL) == 0 && l->flag(NULL) == '1' && l->count(NULL) == 0);
    CHECK(l->at(NULL, 0).name != NULL && l->at(NULL, 0).masked != NULL);
    text = l->explain(NULL);
    CHECK(text != NULL && *text == '\0');
    free(text);
    l->free_text(NULL);
    l->free(NULL);
    CHECK(l->selfcheck(NULL) >= 0);
}

static int shows_clear(struct library *l, tfc_result *r)
{
    int i, n = 0;
    for (i = 0; i < l->count(r); i++) {
        tfc_item item = l->at(r, i);
        CHECK(item.name && item.source && item.advice_zh && item.advice_en && item.masked && item.state >= 0 && item.state <= 5);
        CHECK((item.state == TFC_ABSENT || item.state == TFC_DENIED || item.state == TFC_FOREIGN) == (*item.advice_en != '\0'));
        if (strcmp(item.name, "os_version") == 0) n = strchr(item.masked, '*') == NULL;
    }
    CHECK(*l->at(r, -1).name == '\0' && *l->at(r, l->count(r)).name == '\0');
    return n;
}

static void options(struct library *l, int clear)
{
    tfc_options o = {sizeof o, 1};
    tfc_result *r;
    char *text;
    int code = l->collect(NULL, &r);
    CHECK(code >= 0 && (unsigned)code == l->missing(r) && l->flag(r) == (code == 0 ? '0' : '3') && !shows_clear(l, r));
    l->free(r);
    CHECK(l->collect(&o, &r) >= 0 && shows_clear(l, r) == clear);
    text = l->explain(r);
    CHECK(strchr(text, '\n') != NULL);
    free(text);
    l->free(r);
    o.size = 0; /* of a header that had no clear */
    CHECK(l->collect(&o, &r) >= 0 && !shows_clear(l, r));
    l->free(r);
}

static void unloaded(struct library *l)
{
    CHECK(dlclose(l->handle) == 0);
    get(l); /* the code is still there */
}

int main(int argc, char **argv)
{
    struct library l = load(argv[1], argv[2], RTLD_LAZY | RTLD_LOCAL);
    CHECK(argc == 4);
    alarm(60);
    CHECK(strncmp(l.version(), argv[3], strlen(argv[3])) == 0);
    buffers(&l);
    nulls(&l);
    options(&l, strstr(argv[3], " tst ") != NULL);
    unloaded(&l);
    return 0;
}
