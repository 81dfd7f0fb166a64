/* What one collection found. Go's side allocates each text by itself, with malloc; tfc_free frees them. */
#ifndef TFC_RESULT_H
#define TFC_RESULT_H

#include "tradefront_collect.h"

struct tfc_result {
    unsigned char *ciphertext;
    size_t ciphertext_len;
    unsigned char *field;
    size_t field_len;
    char *explain;
    tfc_item *items;
    int count;
    unsigned missing;
    char flag;
};

#endif
