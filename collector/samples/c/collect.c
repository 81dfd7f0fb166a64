/*
 * Collects in C. Prints what a user or a support desk reads, and with a file name writes the field TerminalInfo, ready to send.
 *
 *     make collector VENDOR=TF01 KEY=public.pem KEY_VERSION=1.0 KIND=tst OUT=out
 *     cc -I out collector/samples/c/collect.c -o collect out/libtradefront_collect_TF01.so -Wl,-rpath,'$ORIGIN/out'
 *     ./collect terminalinfo.bin
 */
#include <stdio.h>
#include <stdlib.h>

#include "tradefront_collect.h"

static int write_file(const char *path, const unsigned char *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        return -1;
    }
    if (fwrite(data, 1, len, f) != len) {
        (void)fclose(f);
        return -1;
    }
    return fclose(f);
}

int main(int argc, char **argv)
{
    tfc_result *result = NULL;
    const unsigned char *field;
    size_t len;
    char *text;
    int code = tfc_collect(NULL, &result);

    printf("%s\n", tfc_version());
    if (code < 0 && code != TFC_NOTHING) {
        fprintf(stderr, "collecting failed: %d\n", code);
        return 2;
    }
    text = tfc_explain(result);
    printf("%s", text == NULL ? "" : text);
    tfc_free_text(text);
    printf("code %d, missing 0x%03x, flag %c, items %d\n", code, tfc_missing(result), tfc_flag(result), tfc_count(result));

    field = tfc_terminal_info(result, &len);
    if (argc > 1 && (field == NULL || write_file(argv[1], field, len) != 0)) {
        fprintf(stderr, "%s: not written\n", argv[1]);
        code = TFC_INTERNAL;
    }
    tfc_free(result);
    return code < 0 ? 2 : 0;
}
