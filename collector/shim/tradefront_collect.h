/*
 * tradefront_collect.h: collects what the regulation asks of a terminal, and encrypts it for the monitoring centre.
 *
 *     char out[512];
 *     int len = sizeof out;
 *     int code = TF01_getsysteminfo(out, &len);
 *     if (code >= 0) { send len bytes of out }
 *
 * Ask the user for permission before the first call. The functions may be called from any thread, and calls wait for one another; none may be
 * called in a signal handler. In a child that was forked after the library was used each call that collects returns TFC_FORKED at once:
 * collect before the fork, or call the library for the first time in the child.
 */
#ifndef TRADEFRONT_COLLECT_H
#define TRADEFRONT_COLLECT_H

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(TFC_BUILD)
#define TFC_API __declspec(dllexport)
#elif defined(_WIN32)
#define TFC_API __declspec(dllimport)
#elif defined(__GNUC__)
#define TFC_API __attribute__((visibility("default")))
#else
#define TFC_API
#endif

/* What a call that collects returns. */
enum {
    TFC_OK = 0,            /* all items; 1 to 1023: bits of TFC_MISSING_*, and the ciphertext is there */
    TFC_BUFFER = -1,       /* no buffer, or too small: the length tells the room that is needed */
    TFC_NO_RANDOM = -2,    /* the system gave no random bytes */
    TFC_KEY = -3,          /* the key in the library cannot be used */
    TFC_NOTHING = -4,      /* nothing was collected: abnormal flag 1, no ciphertext */
    TFC_INTERNAL = -5,     /* a fault of the library, or no memory or thread to be had */
    TFC_FORKED = -6        /* called in a child that was forked after the library was used */
};

/* Bits of a return above 0, and of tfc_missing. Of two values of an item one is enough. */
enum {
    TFC_MISSING_TYPE = 1 << 0,
    TFC_MISSING_TIME = 1 << 1,
    TFC_MISSING_IP = 1 << 2,
    TFC_MISSING_MAC = 1 << 3,
    TFC_MISSING_DEVICE_NAME = 1 << 4,
    TFC_MISSING_OS_VERSION = 1 << 5,
    TFC_MISSING_DISK = 1 << 6,
    TFC_MISSING_CPU = 1 << 7,
    TFC_MISSING_BIOS = 1 << 8,
    TFC_MISSING_PARTITION = 1 << 9 /* Windows */
};

/* tfc_item.state */
enum {
    TFC_PRESENT = 0,
    TFC_ABSENT = 1,         /* this machine has none */
    TFC_DENIED = 2,         /* this process lacks the right to read it */
    TFC_NOT_APPLICABLE = 3, /* this system has no such item */
    TFC_CUT = 4,            /* longer than the regulation's maximum, and cut to it */
    TFC_FOREIGN = 5         /* a placeholder of the maker, as "To Be Filled By O.E.M.": counts as missing */
};

typedef struct tfc_result tfc_result;

typedef struct tfc_options {
    size_t size; /* sizeof(tfc_options) */
    int clear;   /* 1: tfc_item.masked has the clear values. Only a library of KIND=tst does it; a pro library ignores it. */
} tfc_options;

/* One item. The texts live as long as the result; none is NULL. UTF-8. */
typedef struct tfc_item {
    const char *name;      /* "disk_serial" */
    int state;             /* TFC_PRESENT to TFC_FOREIGN */
    const char *source;    /* where the value was read */
    const char *advice_zh; /* what to do, "" where nothing is to be done */
    const char *advice_en;
    const char *masked;    /* the value, all but its first and last two characters masked; of fewer than eight all */
} tfc_item;

/* Collects, and frees nothing: *r is for tfc_free at any return value; NULL below 0, but for TFC_NOTHING. o may be NULL. */
TFC_API int tfc_collect(const tfc_options *o, tfc_result **r);

/* The data of the field TerminalInfo (0x8006), ready to send: key version, abnormal flag, ciphertext. NULL without a ciphertext. */
TFC_API const unsigned char *tfc_terminal_info(const tfc_result *r, size_t *len);

TFC_API unsigned tfc_missing(const tfc_result *r); /* bits of TFC_MISSING_* */
TFC_API char tfc_flag(const tfc_result *r);        /* '0' complete, '3' an item is missing, '1' nothing collected */
TFC_API int tfc_count(const tfc_result *r);        /* of items */
TFC_API tfc_item tfc_at(const tfc_result *r, int i);

/* A text for a user or a support desk, values masked. The caller frees it, by free or tfc_free_text. NULL without memory. */
TFC_API char *tfc_explain(const tfc_result *r);

/* Collects and prints an item a line. Returns what tfc_collect does. */
TFC_API int tfc_selfcheck(FILE *to);

/* "TF01 pro 1.0 2026-01-05 0.1.0 linux-arm64 rsa2048": vendor, kind, key version, day of the source, version, platform, key. */
TFC_API const char *tfc_version(void);

TFC_API void tfc_free(tfc_result *r);
TFC_API void tfc_free_text(char *text); /* where the host's free is of another C library, as on Windows */

#ifdef __cplusplus
}
#endif

#endif
/*@VENDOR@*/
