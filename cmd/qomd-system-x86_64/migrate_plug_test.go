package main

import (
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/qmp/client"
)

// A device that was plugged while the machine ran comes to the very bus and
// address it had, whatever its request left out, and whatever the destination
// was started with: nothing, or a device of that name in another place.
func TestMigratePlugged(t *testing.T) {
	rng := func(id string) dict { return dict{"driver": "virtio-rng-pci", "id": id} }
	for _, tc := range []struct {
		name         string
		machine      string
		common, here []string // options of both, and of the destination
		come         []dict   // at the source
		go_          string   // the id that leaves again
	}{
		{"address chosen", "pc", nil, nil, []dict{rng("y"), rng("x")}, "y"},
		{"another address", "pc", nil, []string{"-device", "virtio-rng-pci,id=x,addr=9"}, []dict{rng("x")}, ""},
		{"another driver", "pc", nil, []string{"-device", "edu,id=x,addr=9"}, []dict{rng("x")}, ""},
		{"the same", "pc", nil, []string{"-device", "virtio-rng-pci,id=x,addr=9"}, []dict{{"driver": "virtio-rng-pci", "id": "x", "addr": "9"}}, ""},
		{"gone", "pc", []string{"-device", "edu,id=y,addr=9"}, nil, nil, "y"},
		{"bus chosen", "pc", []string{"-device", "virtio-scsi-pci,id=v"}, []string{"-device", "virtio-scsi-pci,id=w,addr=9"},
			[]dict{{"driver": "scsi-cd", "id": "x"}, {"driver": "virtio-scsi-pci", "id": "w", "addr": "9"}}, ""},
		{"port chosen", "q35", []string{"-device", "virtio-serial-pci,id=v"}, nil,
			[]dict{{"driver": "virtserialport", "id": "y"}, {"driver": "virtserialport", "id": "x"}}, "y"},
		{"unit chosen", "q35", []string{"-device", "virtio-scsi-pci,id=v"}, nil,
			[]dict{{"driver": "scsi-cd", "id": "y"}, {"driver": "scsi-cd", "id": "x"}}, "y"},
		{"another unit", "q35", []string{"-device", "virtio-scsi-pci,id=v"}, []string{"-device", "scsi-cd,id=x,lun=4"},
			[]dict{{"driver": "scsi-cd", "id": "x", "lun": 3}}, ""},
		{"slot chosen", "pc", []string{"-m", "64,slots=4,maxmem=1G", "-object", "memory-backend-ram,id=m1,size=128M", "-object", "memory-backend-ram,id=m2,size=128M"}, nil,
			[]dict{{"driver": "pc-dimm", "id": "y", "memdev": "m1"}, {"driver": "pc-dimm", "id": "x", "memdev": "m2"}}, "y"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"-machine", tc.machine, "-accel", "tcg", "-nodefaults", "-display", "none"}, tc.common...)
			wait := []string{"-incoming", "defer"}
			machines := make([]*client.Client, 3) // the last is started with nothing
			_, machines[0] = monitor(t, "0", args...)
			_, machines[1] = monitor(t, "1", append(append(args[:len(args):len(args)], tc.here...), wait...)...)
			_, machines[2] = monitor(t, "2", append(args[:len(args):len(args)], wait...)...)
			for _, d := range tc.come {
				ask[dict](t, machines[0], "device_add", d)
			}
			if tc.go_ != "" {
				ask[dict](t, machines[0], "device_del", dict{"id": tc.go_})
			}
			for i, target := range machines[1:] {
				uri := "unix:" + filepath.Join(t.TempDir(), "stream")
				ask[dict](t, target, "migrate-incoming", dict{"uri": uri})
				ask[dict](t, machines[i], "migrate", dict{"uri": uri})
				arrived(t, machines[i], target)
			}
		})
	}
}
