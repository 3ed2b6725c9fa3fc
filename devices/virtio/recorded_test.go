package virtio_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// function is what a driver sees of a virtio function before it does anything:
// recorded of a real QEMU, through its registers.
type function struct {
	Type      string   `json:"type"`
	IDs       []uint16 `json:"ids"` // vendor, device, class, revision, subsystem
	Caps      [][5]int `json:"caps"`
	Features  []int    `json:"features"`
	NumQueues int      `json:"num_queues"`
	Status    int      `json:"status"`
	Sizes     []int    `json:"sizes"`
	Config    string   `json:"config"`
	BAR0Size  int      `json:"bar0size"`
}

func recorded(t *testing.T) []function {
	t.Helper()
	f, err := os.Open("testdata/functions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []function
	for s := bufio.NewScanner(f); s.Scan(); {
		var fn function
		if err := json.Unmarshal(s.Bytes(), &fn); err != nil {
			t.Fatal(err)
		}
		list = append(list, fn)
	}
	return list
}

// observe reads what there is to see, as the recording was made.
func observe(r *rig, fn *pci.Device) function {
	devfn := fn.Devfn()
	read := func(at, size int) uint32 { return r.bus.ReadConfig(0, devfn, at, size) }
	write := func(at, size int, v uint32) { r.bus.WriteConfig(0, devfn, at, size, v) }
	got := function{Type: fn.TypeName(), Features: []int{}, Sizes: []int{}}
	for _, at := range [...][2]int{{0, 2}, {2, 2}, {0x0a, 2}, {8, 1}, {0x2c, 2}, {0x2e, 2}} {
		got.IDs = append(got.IDs, uint16(read(at[0], at[1])))
	}
	bar := 0
	for at := int(read(0x34, 1)); at != 0; at = int(read(at+1, 1)) {
		if read(at, 1) == 9 {
			c := [5]int{int(read(at+3, 1)), at, int(read(at+4, 1)), int(read(at+8, 4)), int(read(at+12, 4))}
			got.Caps = append(got.Caps, c)
			if c[0] == 1 {
				bar = c[2]
			}
		}
	}
	write(0x10+4*bar, 4, modernBase)
	write(0x14+4*bar, 4, 0)
	write(4, 2, 7)
	common := uint64(modernBase)
	load := func(off uint64, size int) uint64 { v, _ := r.mem.ReadN(common+off, size); return v }
	store := func(off uint64, size int, v uint64) { r.mem.WriteN(common+off, size, v) }
	store(0, 4, 0)
	features := load(4, 4)
	store(0, 4, 1)
	for features |= load(4, 4) << 32; features != 0; features &= features - 1 {
		got.Features = append(got.Features, bits.TrailingZeros64(features))
	}
	got.NumQueues, got.Status = int(load(18, 2)), int(load(20, 1))
	for i := range got.NumQueues {
		store(22, 2, uint64(i))
		got.Sizes = append(got.Sizes, int(load(24, 2)))
	}
	config := make([]byte, 0x60)
	r.mem.Read(modernBase+0x2000, config)
	got.Config = "0x" + hex.EncodeToString(config)
	if read(0x10, 1)&1 != 0 {
		write(0x10, 4, 0xffffffff)
		got.BAR0Size = int(uint16(^(read(0x10, 4) &^ 3) + 1))
	}
	return got
}

// options are the properties the recording was made with.
var options = map[string]string{
	"virtio-9p-pci":     `, "fsdev": "a", "mount_tag": "t"`,
	"virtio-blk-pci":    `, "drive": "disk0"`,
	"virtio-crypto-pci": `, "cryptodev": "/objects/cd0"`,
	"virtio-mem-pci":    `, "memdev": "/objects/mm0"`,
	"virtio-pmem-pci":   `, "memdev": "/objects/mm0"`,
	"virtio-sound-pci":  `, "audiodev": "a0"`,
	"virtio-iommu-pci":  `, "aw-bits": 39`, // the default of the recorded machine
}

// Every virtio function looks to a driver as QEMU's does.
func TestFunctions(t *testing.T) {
	for _, want := range recorded(t) {
		t.Run(want.Type, func(t *testing.T) {
			switch want.Type {
			case "virtio-mem-pci", "virtio-pmem-pci":
				t.Skip("the address is given by the machine")
			case "virtio-sound-pci":
				// QEMU's mistake: it hides none of the legacy features.
				want.Features = []int{28, 29, 32, 40}
			}
			r := newRig(t)
			r.env.Ready = false
			r.disk("disk0", 1<<20, 0)
			r.share()
			objects := r.env.Tree.Root().Child("objects")
			r.child(objects, "cd0", "cryptodev-backend-builtin")
			r.child(objects, "mm0", "memory-backend-ram")
			r.env.Audio = func(id string) (string, error) { return id, nil }
			d := r.must(r.add(fmt.Sprintf(`{"driver": %q, "id": "d" %s}`, want.Type, options[want.Type])))
			got := observe(r, pci.FromDevice(d))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// recordedObject is what is compared of a recorded tree.
type recordedObject struct {
	Path  string  `json:"path"`
	Props [][]any `json:"props"`
}

// The objects, children, links and property values of plugged devices are
// those of QEMU.
func TestTrees(t *testing.T) {
	for name, args := range map[string][]string{
		"blk":  {`{"driver": "virtio-blk-pci", "id": "vblk", "drive": "disk0", "addr": "1"}`},
		"net":  {`{"driver": "virtio-net-pci", "id": "nic0", "netdev": "net0", "addr": "1"}`},
		"scsi": {`{"driver": "virtio-scsi-pci", "id": "scsi", "addr": "1"}`, `{"driver": "scsi-hd", "id": "hd", "drive": "disk0"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.env.Ready = false
			r.bus.SetHandler(nil)
			r.del0("rp0")
			r.disk("disk0", 1<<20, 0)
			r.disk("net0", 0, 0)
			for _, a := range args {
				r.must(r.add(a))
			}
			text, err := os.ReadFile("testdata/tree-" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want []recordedObject
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			for _, o := range want {
				compareObject(t, r, o)
			}
		})
	}
}

func (r *rig) del0(id string) { qdev.From(r.env.Peripheral.Child(id)).Unparent(); r.settle() }

func compareObject(t *testing.T, r *rig, want recordedObject) {
	o, _ := r.env.Tree.Resolve(want.Path, "")
	if o == nil {
		t.Errorf("no %s", want.Path)
		return
	}
	have := map[string][]any{}
	for p := range o.Properties() {
		row := []any{p.Name, p.Type}
		if p.Get != nil {
			v, err := p.Get(o)
			if err != nil {
				v = err.Error()
			}
			text, _ := json.Marshal(v)
			var plain any
			json.Unmarshal(text, &plain)
			row = append(row, plain)
		}
		have[p.Name] = row
	}
	for _, p := range want.Props {
		name := p[0].(string)
		if name == "romfile" || name == "romsize" {
			delete(have, name) // the default ROM is package pci's
			continue
		}
		if !cmp.Equal(have[name], p) {
			t.Errorf("%s: %v, want %v", want.Path, have[name], p)
		}
		delete(have, name)
	}
	for name := range have {
		if !strings.HasPrefix(name, "legacy-") {
			t.Errorf("%s has %s too", want.Path, name)
		}
	}
}
