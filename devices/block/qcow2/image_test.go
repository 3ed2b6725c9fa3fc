package qcow2

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// memory is a file in memory.
type memory struct{ b []byte }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(m.b)) {
		copy(p, m.b[off:])
	}
	return len(p), nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if end := off + int64(len(p)); end > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, end-int64(len(m.b)))...)
	}
	return copy(m.b[off:], p), nil
}

func (m *memory) Truncate(size int64) error {
	m.b = append(m.b[:min(int64(len(m.b)), size)], make([]byte, max(size-int64(len(m.b)), 0))...)
	return nil
}

func (m *memory) Flush() error { return nil }

// check counts the uses of every cluster anew, from the tables as they lie in
// the file, and compares.
func check(f File) error {
	i, err := Open(f, true)
	if err != nil {
		return err
	}
	cs, uses := i.h.ClusterSize(), map[int64]uint64{}
	use := func(at, n int64) error {
		for c := at / cs; c <= (at+n-1)/cs; c++ {
			uses[c]++
		}
		return nil
	}
	use(0, cs)
	use(i.h.refTableAt, int64(i.h.refTableClusters)*cs)
	use(i.h.l1At, int64(len(i.l1))*8)
	for _, at := range i.refTable {
		if at != 0 {
			use(at, cs)
		}
	}
	if len(i.snapshots) > 0 {
		use(int64(i.h.snapshots), i.snapshotBytes)
	}
	for _, s := range i.snapshots {
		use(s.l1At, int64(s.l1Len)*8)
		l1, err := i.readL1(s.l1At, s.l1Len)
		if err == nil {
			err = i.eachUse(l1, use)
		}
		if err != nil {
			return err
		}
	}
	if i.directory.n > 0 {
		use(i.directory.at, i.directory.n)
	}
	for _, b := range i.bitmaps {
		if err := i.eachBitmapUse(b, use); err != nil {
			return err
		}
	}
	if err := i.eachUse(i.l1, use); err != nil {
		return err
	}
	if err := copied(i, uses); err != nil {
		return err
	}
	for c := range int64(len(i.refTable)) * i.h.perBlock() {
		if i.refTable[c/i.h.perBlock()] == 0 {
			continue
		}
		got, err := i.refcount(c)
		if err != nil {
			return err
		}
		if got != uses[c] {
			return fmt.Errorf("cluster %d is counted %d times and used %d times", c, got, uses[c])
		}
		delete(uses, c)
	}
	if len(uses) > 0 {
		return fmt.Errorf("clusters that no block counts: %v", uses)
	}
	return nil
}

// copied checks that the entries of the active tables say rightly whether what
// they lead to is used once.
func copied(i *Image, uses map[int64]uint64) error {
	right := func(e uint64) bool {
		at := int64(e & entryOffset)
		return (e&entryCopied != 0) == (at != 0 && uses[at/i.h.ClusterSize()] == 1)
	}
	for n, l1 := range i.l1 {
		if !right(l1) {
			return fmt.Errorf("entry %d of the first table is %x", n, l1)
		}
		if l1&entryOffset == 0 {
			continue
		}
		t, err := i.tables.get(i, int64(l1&entryOffset))
		if err != nil {
			return err
		}
		for k := range i.h.ClusterSize() / 8 {
			if e := be.Uint64(t[k*8:]); !right(e) {
				return fmt.Errorf("entry %d of table %d is %x", k, n, e)
			}
		}
	}
	return nil
}

// img is QEMU's own tool, empty where it is missing.
func img(t *testing.T) string {
	path, err := exec.LookPath("qemu-img")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("qemu-img is needed in CI")
	}
	return path
}

// TestImage does random things to images of random shapes, against plain bytes.
func TestImage(t *testing.T) {
	tool, dir := img(t), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		backing := &memory{b: bytes.Repeat([]byte("backing!"), rapid.IntRange(0, 6000).Draw(t, "backing"))}
		o := Options{
			Size:        512 * rapid.Int64Range(0, 200).Draw(t, "sectors"),
			ClusterSize: 512 << rapid.IntRange(0, 3).Draw(t, "cluster"), Version: 3,
			RefcountBits: 1 << rapid.IntRange(0, 6).Draw(t, "refcount bits"),
		}
		if rapid.Bool().Draw(t, "v2") {
			o.Version, o.RefcountBits = 2, 16
		}
		f := new(memory)
		if err := Create(f, o); err != nil {
			t.Fatal(err)
		}
		i, err := Open(f, true)
		if err != nil {
			t.Fatal(err)
		}
		model := make([]byte, o.Size)
		copy(model, backing.b)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			if err := step(t, i, &model, backing); err != nil {
				t.Fatal(err)
			}
			compare(t, i, model, backing)
		}
		if err := check(f); err != nil {
			t.Fatal(err)
		}
		again, err := Open(f, false)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, again, model, backing)
		if rapid.IntRange(0, 19).Draw(t, "ask qemu-img") == 7 && tool != "" {
			path := filepath.Join(dir, "x.qcow2")
			if err := i.SetBacking("", ""); err != nil { // a name that leads nowhere
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.b, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, "check", path).CombinedOutput(); err != nil {
				t.Fatalf("qemu-img check: %v\n%s", err, out)
			}
		}
	})
}

// TestManyClusters fills an image until its refcount table has to move, twice.
func TestManyClusters(t *testing.T) {
	const size = 6 << 20
	f := new(memory)
	if err := Create(f, Options{Size: size, ClusterSize: 512, RefcountBits: 64}); err != nil {
		t.Fatal(err)
	}
	i, err := Open(f, true)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	for off := int64(0); off < size; off += 1 << 20 {
		if err := i.WriteAt(want[off:off+1<<20], off, nil); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, size)
	if err := i.ReadAt(got, 0, nil); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read back: %v", err)
	}
	if i.h.refTableClusters == 1 {
		t.Error("the refcount table did not grow")
	}
	if err := check(f); err != nil {
		t.Error(err)
	}
	if tool := img(t); tool != "" {
		path := filepath.Join(t.TempDir(), "x.qcow2")
		if err := os.WriteFile(path, f.b, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool, "check", path).CombinedOutput(); err != nil {
			t.Errorf("qemu-img check: %v\n%s", err, out)
		}
	}
}

// step does one thing to an image and to its model.
func step(t *rapid.T, i *Image, model *[]byte, backing io.ReaderAt) error {
	size := int64(len(*model))
	sectors := rapid.Int64Range(0, size/512).Draw(t, "from")
	off := sectors * 512
	n := rapid.Int64Range(0, min(size-off, 20<<10)).Draw(t, "length")
	covered := int64(len(backing.(*memory).b))
	switch what := rapid.SampledFrom([]string{"write", "write", "write", "zero", "discard", "resize", "rebase"}).Draw(t, "what"); what {
	case "write":
		p := bytes.Repeat([]byte{byte(rapid.IntRange(1, 255).Draw(t, "byte"))}, int(n))
		copy((*model)[off:], p)
		return i.WriteAt(p, off, backing)
	case "zero":
		clear((*model)[off : off+n])
		return i.Zero(off, n, backing)
	case "discard":
		// What was there may stay or become zeros: the image says which.
		if err := i.Discard(off, n); err != nil {
			return err
		}
		p := make([]byte, n)
		if err := i.ReadAt(p, off, backing); err != nil {
			return err
		}
		for k := range p {
			if p[k] != 0 && p[k] != (*model)[off+int64(k)] {
				t.Fatalf("after a discard there is %x at %d", p[k], off+int64(k))
			}
		}
		copy((*model)[off:], p)
	case "resize":
		to := 512 * rapid.Int64Range(0, 600).Draw(t, "new size")
		grown := make([]byte, to)
		copy(grown, *model)
		*model = grown
		return i.Truncate(to, backing, covered)
	case "rebase":
		return i.SetBacking(rapid.StringN(0, 20, 40).Draw(t, "name"), "raw")
	}
	return nil
}

func compare(t *rapid.T, i *Image, model []byte, backing io.ReaderAt) {
	p := make([]byte, len(model)+100)
	if err := i.ReadAt(p, 0, backing); err != nil {
		t.Fatal(err)
	}
	for k := range p {
		want := byte(0)
		if k < len(model) {
			want = model[k]
		}
		if p[k] != want {
			t.Fatalf("at %d of %d there is %x, want %x", k, len(model), p[k], want)
		}
	}
}
