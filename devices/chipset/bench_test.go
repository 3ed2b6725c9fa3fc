package chipset_test

import (
	"runtime"
	"testing"
)

func BenchmarkBuild(b *testing.B) {
	for _, board := range []string{"q35", "pc"} {
		b.Run(board, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newRig(b, board).start()
			}
		})
	}
}

// A machine without devices of its user, processor included, costs little enough
// that thousands fit in a process.
func TestHeap(t *testing.T) {
	newRig(t, "q35").finish() // classes are shared by all machines
	const n = 20
	var before, after runtime.MemStats
	rigs := make([]*rig, n)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range rigs {
		rigs[i] = newRig(t, "q35")
		rigs[i].start()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	per := (after.HeapAlloc - before.HeapAlloc) / n
	t.Logf("%d bytes of heap for each machine", per)
	if per > 136<<10 {
		t.Errorf("a q35 costs %d bytes of heap", per)
	}
	for _, r := range rigs {
		r.finish()
	}
}
