#define TFC_BUILD
#include <stdlib.h>

#include "result.h"

/* The texts of an item are the library's own; the header lends them as const. */
static void free_lent(const char *text)
{
    union {
        const char *lent;
        void *own;
    } u;
    u.lent = text;
    free(u.own);
}

TFC_API void tfc_free(tfc_result *r)
{
    int i;
    if (r == NULL) {
        return;
    }
    for (i = 0; r->items != NULL && i < r->count; i++) {
        free_lent(r->items[i].name);
        free_lent(r->items[i].source);
        free_lent(r->items[i].advice_zh);
        free_lent(r->items[i].advice_en);
        free_lent(r->items[i].masked);
    }
    free(r->items);
    free(r->ciphertext);
    free(r->field);
    free(r->explain);
    free(r);
}
