#include "textflag.h"

// func cpucfg(word uint32) uint32
TEXT ·cpucfg(SB), NOSPLIT, $0-12
	MOVW word+0(FP), R5
	CPUCFG R5, R4
	MOVW R4, ret+8(FP)
	RET
