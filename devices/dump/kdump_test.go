package dump_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/dump"
)

// small is a memory with a hole, whose pages are empty, full of noise, and text.
var small = []dump.Block{{Addr: 0, Size: 0xa0000}, {Addr: 0xc0000, Size: 0x240000}, {Addr: 0xffff0000, Size: 0x10000}}

func smallPage(n uint64) []byte {
	p := make([]byte, 4096)
	switch n % 3 {
	case 1:
		copy(p, fmt.Sprintf("page %d", n))
	case 2:
		r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
		r.Read(p)
	}
	return p
}

func readSmall(addr uint64, p []byte) error {
	for off := range len(p) / 4096 {
		copy(p[off*4096:], smallPage(addr/4096+uint64(off)))
	}
	return nil
}

func TestKdump(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "core"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	last := uint64(0)
	wrote := func(n uint64) { last = n }
	cpus := []dump.CPU{{Version: 0x60fb1}, {Index: 1, Version: 0x60fb1}}
	if err := dump.WriteKdump(f, small, cpus, readSmall, wrote); err != nil {
		t.Fatal(err)
	}
	checkKdump(t, f)
	if last != dump.Total(small) {
		t.Errorf("%d bytes told of", last)
	}
	if info, err := f.Stat(); err != nil || info.Size() > 0x2a0000/3+0x80000 {
		t.Errorf("not compressed: %d, %v", info.Size(), err)
	}

	var flat bytes.Buffer
	err = dump.WriteFlattened(&flat, func(w io.WriterAt) error { return dump.WriteKdump(w, small, cpus, readSmall, wrote) })
	if err != nil {
		t.Fatal(err)
	}
	checkKdump(t, bytes.NewReader(unflatten(t, flat.Bytes())))
}

// The headers are those that QEMU 11.1.3 writes of a q35 with two processors.
func TestKdumpHeaders(t *testing.T) {
	want, err := os.ReadFile("testdata/q35.kdump")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "core"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cpus := []dump.CPU{{Version: 0x60fb1}, {Index: 1, Version: 0x60fb1}}
	nothing := func(uint64, []byte) error { return nil }
	if err := dump.WriteKdump(f, q35, cpus, nothing, func(uint64) {}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file begins otherwise than QEMU's (%v):\n%x\n%x", err, got, want)
	}
}

// unflatten puts the records of a flattened file where they belong.
func unflatten(t *testing.T, p []byte) []byte {
	t.Helper()
	if string(p[:16]) != "makedumpfile\x00\x00\x00\x00" {
		t.Fatalf("signature %q", p[:16])
	}
	var file []byte
	for p = p[4096:]; ; {
		be := binary.BigEndian
		off, size := int64(be.Uint64(p)), int64(be.Uint64(p[8:]))
		p = p[16:]
		if off == -1 && size == -1 {
			break
		}
		if end := off + size; end > int64(len(file)) {
			file = append(file, make([]byte, end-int64(len(file)))...)
		}
		copy(file[off:], p[:size])
		p = p[size:]
	}
	if len(p) != 0 {
		t.Errorf("%d bytes after the end", len(p))
	}
	return file
}

// checkKdump reads a file as makedumpfile describes it, and compares its pages
// with the memory.
func checkKdump(t *testing.T, f io.ReaderAt) {
	t.Helper()
	at := func(off int64, n int) []byte {
		t.Helper()
		p := make([]byte, n)
		if _, err := f.ReadAt(p, off); err != nil {
			t.Fatalf("%d bytes at %d: %v", n, off, err)
		}
		return p
	}
	le := binary.LittleEndian
	number := func(off int64) int64 { return int64(le.Uint32(at(off, 4))) }
	if string(at(0, 8)) != "KDUMP   " {
		t.Fatal("no kdump file")
	}
	block, sub, bitmaps := number(428), number(432), number(436)
	first := block * (1 + sub)
	have, present := at(first, int(block*bitmaps/2)), at(first+block*bitmaps/2, int(block*bitmaps/2))
	if !bytes.Equal(have, present) {
		t.Error("the bitmaps differ")
	}
	var blocks []dump.Block
	descriptor := first + block*bitmaps
	for n := range uint64(len(have) * 8) {
		if have[n/8]>>(n%8)&1 == 0 {
			continue
		}
		addr := n * 4096
		if last := len(blocks) - 1; last >= 0 && blocks[last].Addr+blocks[last].Size == addr {
			blocks[last].Size += 4096
		} else {
			blocks = append(blocks, dump.Block{Addr: addr, Size: 4096})
		}
		d := at(descriptor, 24)
		descriptor += 24
		p := at(int64(le.Uint64(d)), int(le.Uint32(d[8:])))
		if le.Uint32(d[12:]) == 1 {
			z, err := zlib.NewReader(bytes.NewReader(p))
			if err != nil {
				t.Fatal(err)
			}
			if p, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(p, smallPage(n)) {
			t.Fatalf("page %d is another", n)
		}
	}
	if diff := cmp.Diff(small, blocks); diff != "" {
		t.Error(diff)
	}
}
