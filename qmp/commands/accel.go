package commands

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp"
)

// accel registers the commands of qapi/accelerator.json about the compiler of
// guest code. No guest code runs here, so that nothing has been compiled.
func (c *Commands) accel() {
	qmp.Register(c.set, "x-accel-stats", qmp.Unstable, func(*qmp.Call, none) (humanText, error) {
		if !c.compiles() {
			return humanText{}, nil
		}
		return humanText{idleCompiler}, nil
	})
	qmp.Register(c.set, "x-query-jit", qmp.Unstable, func(*qmp.Call, none) (humanText, error) {
		if !c.compiles() {
			return humanText{}, errors.New("JIT information is only available with accel=tcg")
		}
		return humanText{idleCompiler}, nil
	})
}

// compiles reports whether the machine is one that QEMU would compile code for.
func (c *Commands) compiles() bool {
	accel := c.m.Options().Accel
	return accel == "" || accel == "tcg"
}

// codeBuffer is how many bytes of code QEMU can keep.
const codeBuffer = 1<<30 - 5120

// idleCompiler is QEMU's report of a compiler that has had nothing to do.
var idleCompiler = fmt.Sprintf(`Accelerator settings:
one-insn-per-tb: off

Translation buffer state:
gen code size       0/%d
TB count            0
TB avg target size  0 max=0 bytes
TB avg host size    0 bytes (expansion ratio: 0.0)
cross page TB count 0 (0%%)
direct jump count   0 (0%%) (2 jumps=0 0%%)
TB hash buckets     0/8192 (0.00%% head buckets used)
TB hash occupancy   0.00%% avg chain occ. Histogram: [0.0,0.0)%%|█|[0.0,0.0]%%

Statistics:
TB flush count      0
TB invalidate count 0
TLB full flushes    0
TLB partial flushes 0
TLB elided flushes  0
`, codeBuffer)
