/* Prints what tfc_selfcheck does. */
#include "tradefront_collect.h"

int main(void)
{
    return tfc_selfcheck(stdout) < 0;
}
