package qcow2

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// kept is what a model remembers of a snapshot.
type kept struct {
	Snapshot
	disk, state []byte
}

// rig is an image and what it should be.
type rig struct {
	i       *Image
	disk    []byte
	list    []kept
	last    int // the largest id that was given
	backing *memory
	limited bool // too few bits to count snapshots
	bitmaps []Bits
}

// TestSnapshots takes snapshots of random images, goes back to them and forgets
// them, with writes in between, and stores bitmaps, against plain lists of copies.
func TestSnapshots(t *testing.T) {
	tool, dir := img(t), t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		f := new(memory)
		bits := rapid.IntRange(0, 6).Draw(t, "refcount bits")
		o := Options{Size: 512 * rapid.Int64Range(0, 200).Draw(t, "sectors"),
			ClusterSize: 512 << rapid.IntRange(0, 3).Draw(t, "cluster"), RefcountBits: 1 << bits}
		if err := Create(f, o); err != nil {
			t.Fatal(err)
		}
		i, err := Open(f, true)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{i: i, disk: make([]byte, o.Size), backing: &memory{b: bytes.Repeat([]byte("backing!"), 2000)}, limited: bits < 3}
		copy(r.disk, r.backing.b)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				before := len(r.disk)
				if err := step(t, r.i, &r.disk, r.backing); err != nil {
					t.Fatal(err)
				}
				r.outdate(before)
			},
			"snapshot":      r.take,
			"revert":        r.revert,
			"delete":        r.forget,
			"store bitmap":  r.store,
			"remove bitmap": r.unstore,
			"use bitmaps":   r.use,
			"reopen": func(t *rapid.T) {
				if r.i, err = Open(f, true); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				compare(t, r.i, r.disk, r.backing)
				r.listed(t)
				r.stored(t)
			},
		})
		if err := check(f); err != nil {
			t.Fatal(err)
		}
		if rapid.IntRange(0, 19).Draw(t, "ask qemu-img") == 7 && tool != "" {
			path := filepath.Join(dir, "x.qcow2")
			if err := r.i.SetBacking("", ""); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.b, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, "check", path).CombinedOutput(); err != nil {
				t.Fatalf("qemu-img check: %v\n%s", err, out)
			}
			out, err := exec.Command(tool, "snapshot", "-l", path).CombinedOutput()
			if got := strings.Count(string(out), "snap-"); err != nil || got != len(r.list) {
				t.Fatalf("qemu-img snapshot -l: %v, %d snapshots, want %d\n%s", err, got, len(r.list), out)
			}
		}
	})
}

func (r *rig) take(t *rapid.T) {
	state := bytes.Repeat([]byte{0xaa}, rapid.IntRange(0, 5000).Draw(t, "state"))
	for at := 0; at < len(state); at += 1000 {
		if err := r.i.WriteState(state[at:min(at+1000, len(state))], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	s := Snapshot{
		Name: fmt.Sprintf("snap-%d", r.last), Date: time.Unix(1e9, rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds")),
		Clock: time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "clock")), StateSize: int64(len(state)), ICount: rapid.Int64Min(-1).Draw(t, "icount"),
	}
	got, err := r.i.Snapshot(s)
	if err != nil && r.limited {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	r.last = 0
	for _, k := range r.list {
		var n int
		fmt.Sscan(k.ID, &n)
		r.last = max(r.last, n)
	}
	r.last++
	s.ID, s.DiskSize = fmt.Sprint(r.last), int64(len(r.disk))
	if diff := cmp.Diff(s, got, cmpopts.IgnoreUnexported(Snapshot{})); diff != "" {
		t.Fatalf("snapshot (-want +got):\n%s", diff)
	}
	r.list = append(r.list, kept{got, bytes.Clone(r.disk), state})
}

// pick chooses a snapshot, or an id that there is none of.
func (r *rig) pick(t *rapid.T) (int, string) {
	n := rapid.IntRange(0, len(r.list)).Draw(t, "which")
	if n == len(r.list) {
		return -1, "nobody"
	}
	return n, r.list[n].ID
}

func (r *rig) revert(t *rapid.T) {
	n, id := r.pick(t)
	err := r.i.Revert(id)
	if n < 0 {
		if err != ErrNoSnapshot {
			t.Fatal(err)
		}
		return
	}
	if err != nil && r.limited {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	before := len(r.disk)
	r.disk = bytes.Clone(r.list[n].disk)
	r.outdate(before)
	state := make([]byte, len(r.list[n].state))
	if err := r.i.ReadState(state, 0); err != nil || !bytes.Equal(state, r.list[n].state) {
		t.Fatalf("the state that was kept is another one: %v", err)
	}
}

func (r *rig) forget(t *rapid.T) {
	n, id := r.pick(t)
	err := r.i.DeleteSnapshot(id)
	switch {
	case n < 0 && err != ErrNoSnapshot, n >= 0 && err != nil:
		t.Fatal(err)
	case n >= 0:
		r.list = append(r.list[:n:n], r.list[n+1:]...)
	}
}

func (r *rig) listed(t *rapid.T) {
	want := []Snapshot{}
	for _, k := range r.list {
		want = append(want, k.Snapshot)
	}
	if diff := cmp.Diff(want, r.i.Snapshots(), cmpopts.IgnoreUnexported(Snapshot{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("snapshots (-want +got):\n%s", diff)
	}
}

var names = rapid.SampledFrom([]string{"a", "b", "some longer name"})

func (r *rig) find(name string) int {
	return slices.IndexFunc(r.bitmaps, func(b Bits) bool { return b.Name == name })
}

func (r *rig) store(t *rapid.T) {
	b := Bits{Bitmap: Bitmap{Name: names.Draw(t, "name"), Granularity: 512 << rapid.IntRange(0, 3).Draw(t, "granularity"), Auto: rapid.Bool().Draw(t, "auto")}}
	parts := (int64(len(r.disk)) + b.Granularity - 1) / b.Granularity
	b.Bits = rapid.SliceOfN(rapid.Byte(), int(parts+7)/8, int(parts+7)/8).Draw(t, "bits")
	if err := r.i.StoreBitmaps([]Bits{b}); err != nil {
		t.Fatal(err)
	}
	b.InUse = parts == 0
	if n := r.find(b.Name); n >= 0 {
		r.bitmaps[n] = b
	} else {
		r.bitmaps = append(r.bitmaps, b)
	}
}

func (r *rig) unstore(t *rapid.T) {
	name := names.Draw(t, "name")
	if err := r.i.RemoveBitmap(name); err != nil {
		t.Fatal(err)
	}
	r.bitmaps = slices.DeleteFunc(r.bitmaps, func(b Bits) bool { return b.Name == name })
}

func (r *rig) use(t *rapid.T) {
	if err := r.i.UseBitmaps(); err != nil {
		t.Fatal(err)
	}
	r.outdate(-1)
}

// outdate is what a change from another length does to the bitmaps.
func (r *rig) outdate(length int) {
	if length == len(r.disk) {
		return
	}
	for n := range r.bitmaps {
		r.bitmaps[n].InUse = true
	}
}

// stored compares the bitmaps, as far as they tell of the disk as it is.
func (r *rig) stored(t *rapid.T) {
	want := []Bitmap{}
	for _, b := range r.bitmaps {
		want = append(want, b.Bitmap)
		if b.InUse {
			continue
		}
		got, err := r.i.ReadBitmap(b.Name)
		if err != nil || !bytes.Equal(got, b.Bits) {
			t.Fatalf("bitmap %s: %x, %v, want %x", b.Name, got, err, b.Bits)
		}
	}
	if diff := cmp.Diff(want, r.i.Bitmaps(), cmpopts.IgnoreUnexported(Bitmap{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("bitmaps (-want +got):\n%s", diff)
	}
}
