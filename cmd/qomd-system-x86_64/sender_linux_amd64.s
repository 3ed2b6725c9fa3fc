#include "textflag.h"

// A signal handler as the kernel calls it: notes who sent the signal, si_pid of
// the siginfo_t, and goes on to Go's own handler with everything as it was. It
// has no stack frame and touches but AX, which a call may change.
TEXT ·noteSender(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	MOVL 16(SI), AX
	MOVL AX, ·senderPID(SB)
	MOVQ ·goHandler(SB), AX
	JMP  AX

// func senderHandler() uintptr
TEXT ·senderHandler(SB),NOSPLIT,$0-8
	MOVQ $·noteSender(SB), AX
	MOVQ AX, ret+0(FP)
	RET
