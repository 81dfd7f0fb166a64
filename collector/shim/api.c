/* The exported functions. Each takes NULL for what it is given, and none lets an error of its own end the process. */
#define _POSIX_C_SOURCE 200809L
#define TFC_BUILD
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "result.h"

/* Go's side of a collection: fills result and returns the code. */
extern int tfcGoCollect(int clear, struct tfc_result *result);

static void collect(struct tfc_job *job)
{
    int clear = job->options != NULL && job->options->size >= sizeof *job->options && job->options->clear == 1;
    job->code = tfcGoCollect(clear, job->result);
}

TFC_API int tfc_collect(const tfc_options *o, tfc_result **r)
{
    struct tfc_job job = {collect, o, NULL, TFC_INTERNAL};
    int code;
    if (r != NULL) {
        *r = NULL;
    }
    if (tfc_forked()) {
        return TFC_FORKED;
    }
    if (r == NULL) {
        return TFC_BUFFER;
    }
    job.result = calloc(1, sizeof *job.result);
    if (job.result == NULL) {
        return TFC_INTERNAL;
    }
    code = tfc_engine_run(&job);
    if (code == 0) {
        code = job.code;
    }
    if (code < 0 && code != TFC_NOTHING) {
        tfc_free(job.result);
        return code;
    }
    *r = job.result;
    return code;
}

TFC_API int TFC_GETSYSTEMINFO(char *out, int *len)
{
    tfc_result *r;
    int code, room;
    if (len == NULL) {
        return tfc_forked() ? TFC_FORKED : TFC_BUFFER;
    }
    room = *len;
    *len = 0;
    code = tfc_collect(NULL, &r);
    if (r == NULL) {
        return code;
    }
    if (code >= 0) {
        *len = (int)r->ciphertext_len;
        if (out == NULL || room < *len) {
            code = TFC_BUFFER;
        } else {
            memcpy(out, r->ciphertext, r->ciphertext_len);
        }
    }
    tfc_free(r);
    return code;
}

TFC_API const unsigned char *tfc_terminal_info(const tfc_result *r, size_t *len)
{
    if (len != NULL) {
        *len = r == NULL ? 0 : r->field_len;
    }
    return r == NULL ? NULL : r->field;
}

TFC_API unsigned tfc_missing(const tfc_result *r)
{
    return r == NULL ? 0 : r->missing;
}

TFC_API char tfc_flag(const tfc_result *r)
{
    return r == NULL ? '1' : r->flag;
}

TFC_API int tfc_count(const tfc_result *r)
{
    return r == NULL ? 0 : r->count;
}

TFC_API tfc_item tfc_at(const tfc_result *r, int i)
{
    static const tfc_item none = {"", TFC_ABSENT, "", "", "", ""};
    return r == NULL || i < 0 || i >= r->count ? none : r->items[i];
}

TFC_API char *tfc_explain(const tfc_result *r)
{
    return strdup(r == NULL || r->explain == NULL ? "" : r->explain);
}

TFC_API int tfc_selfcheck(FILE *to)
{
    tfc_result *r;
    int code = tfc_collect(NULL, &r);
    if (to != NULL && r != NULL) {
        fputs(r->explain, to);
        fflush(to);
    }
    tfc_free(r);
    return code;
}

TFC_API const char *tfc_version(void)
{
    return TFC_VERSION;
}

TFC_API void tfc_free_text(char *text)
{
    free(text);
}
