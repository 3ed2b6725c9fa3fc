#include "textflag.h"

// onSignal is what the kernel calls, with the signal's siginfo in SI. It keeps
// si_pid and goes on to Go's own handler with all that it was given.
TEXT ·onSignal(SB), NOSPLIT|NOFRAME, $0
	MOVL 16(SI), AX
	MOVL AX, ·sender(SB)
	MOVQ ·goHandler(SB), AX
	JMP  AX

// func onSignalAddress() uintptr
TEXT ·onSignalAddress(SB), NOSPLIT, $0-8
	LEAQ ·onSignal(SB), AX
	MOVQ AX, ret+0(FP)
	RET
