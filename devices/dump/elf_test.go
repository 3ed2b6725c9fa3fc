package dump_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/dump"
)

// q35 is the memory of a q35 with 128 MiB. testdata/q35.head is what stands
// before it in the core file that QEMU 11.1.3 wrote.
var q35 = []dump.Block{
	{Addr: 0, Size: 0xc0000}, {Addr: 0xc0000, Size: 0x20000}, {Addr: 0xe0000, Size: 0x20000},
	{Addr: 0x100000, Size: 0x7f00000}, {Addr: 0xfffc0000, Size: 0x40000},
}

func TestELF(t *testing.T) {
	want, err := os.ReadFile("testdata/q35.head")
	if err != nil {
		t.Fatal(err)
	}
	b := head{most: len(want)}
	last := uint64(0)
	read := func(uint64, []byte) error { return nil }
	err = dump.WriteELF(&b, q35, []dump.CPU{{Version: 0x60fb1}}, read, func(n uint64) { last = n })
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.first, want) {
		t.Errorf("the file begins otherwise than QEMU's:\n%x\n%x", b.first, want)
	}
	total := dump.Total(q35)
	if last != total || b.n != uint64(len(want))+total+11 {
		t.Errorf("%d bytes of %d, in a file of %d", last, total, b.n)
	}
}

// head is a file of which only the first bytes are kept.
type head struct {
	first []byte
	most  int
	n     uint64
}

func (h *head) Write(p []byte) (int, error) {
	h.first = append(h.first, p[:min(len(p), h.most-len(h.first))]...)
	h.n += uint64(len(p))
	return len(p), nil
}

func TestReadingFails(t *testing.T) {
	broken := errors.New("broken")
	err := dump.WriteELF(new(bytes.Buffer), q35, nil, func(uint64, []byte) error { return broken }, func(uint64) {})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestClip(t *testing.T) {
	want := []dump.Block{{Addr: 0xbf000, Size: 0x1000}, {Addr: 0xc0000, Size: 0x20000}, {Addr: 0xe0000, Size: 1}}
	if diff := cmp.Diff(want, dump.Clip(q35, 0xbf000, 0x21001)); diff != "" {
		t.Error(diff)
	}
	if got := dump.Clip(q35, 0x20000000, 0x1000); len(got) != 0 {
		t.Error(got)
	}
}
