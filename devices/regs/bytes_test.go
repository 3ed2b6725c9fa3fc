package regs

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// The oracle: every byte of the block has a value and masks of its own.
type byteCell struct{ val, reset, write, w1c, rc byte }

func TestAgainstBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]uint64{0x40, 0x100, 1 << 20}).Draw(t, "block")
		model := map[uint64]*byteCell{}
		var rows []Row[int]
		for off := uint64(0); off < 0x40; {
			row := Row[int]{Name: fmt.Sprint("r", len(rows)), Off: off,
				Size:  rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "size"),
				Count: rapid.IntRange(1, 3).Draw(t, "count")}
			row.Stride = uint64(row.Size + rapid.IntRange(0, 3).Draw(t, "gap"))
			all := mask(row.Size)
			row.Reset = rapid.Uint64().Draw(t, "reset") & all
			row.Write = rapid.Uint64().Draw(t, "write") & all
			row.W1C = rapid.Uint64().Draw(t, "w1c") & all &^ row.Write
			row.RC = rapid.Uint64().Draw(t, "rc") & rapid.SampledFrom([]uint64{0, all}).Draw(t, "clears")
			off += uint64(row.Count-1)*row.Stride + uint64(row.Size)
			if off > 0x40 {
				break
			}
			rows = append(rows, row)
			for i := range row.Count {
				for b := range row.Size {
					sh := 8 * b
					model[row.Off+uint64(i)*row.Stride+uint64(b)] = &byteCell{byte(row.Reset >> sh), byte(row.Reset >> sh),
						byte(row.Write >> sh), byte(row.W1C >> sh), byte(row.RC >> sh)}
				}
			}
			off += rapid.Uint64Range(0, 4).Draw(t, "hole")
		}
		block := NewTable(size, rows).New(0)
		offs, sizes := rapid.Uint64Range(0, 0x48), rapid.IntRange(1, 8)
		t.Repeat(map[string]func(*rapid.T){
			"read": func(t *rapid.T) {
				off, n := offs.Draw(t, "off"), sizes.Draw(t, "n")
				want := uint64(0)
				for i := range uint64(n) {
					if c := model[off+i]; c != nil {
						want |= uint64(c.val) << (8 * i)
						c.val &^= c.rc
					}
				}
				if got := block.Read(off, n); got != want {
					t.Fatalf("%d bytes at %#x: %#x, want %#x", n, off, got, want)
				}
			},
			"write": func(t *rapid.T) {
				off, n, val := offs.Draw(t, "off"), sizes.Draw(t, "n"), rapid.Uint64().Draw(t, "val")
				for i := range uint64(n) {
					if c, b := model[off+i], byte(val>>(8*i)); c != nil {
						c.val = (c.val&^c.write | b&c.write) &^ (b & c.w1c)
					}
				}
				block.Write(off, n, val)
			},
			"reset": func(t *rapid.T) {
				for _, c := range model {
					c.val = c.reset
				}
				block.Reset(false)
			},
		})
	})
}

func BenchmarkRead(b *testing.B) {
	rows := make([]Row[int], 512)
	for i := range rows {
		rows[i] = Row[int]{Off: uint64(i) * 4, Reset: uint64(i)}
	}
	block := NewTable(0x1000, rows).New(0)
	b.ReportAllocs()
	for b.Loop() {
		block.Read(0x7f0, 4)
	}
}
