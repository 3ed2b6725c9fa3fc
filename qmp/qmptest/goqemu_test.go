package qmptest_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	"github.com/digitalocean/go-qemu/qmp"
	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

// TestGoQEMUDomain drives a machine through go-qemu's Domain, as it is, over its
// own monitor and a socket.
func TestGoQEMUDomain(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	m := qmptest.Start(t, qmptest.Q35(), qmptest.GuestNone(),
		qmptest.Args("-drive", "if=none,id=hd0,format=raw,file="+disk, "-device", "virtio-blk-pci,drive=hd0,id=vb"))
	mon, err := qmp.NewSocketMonitor("unix", m.Socket(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := mon.Connect(); err != nil {
		t.Fatal(err)
	}
	d, err := qemu.NewDomain(mon, "vm")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()

	if v, err := d.Version(); err != nil || v != "11.1.3" {
		t.Errorf("version %q, %v", v, err)
	}
	if s, err := d.Status(); err != nil || s != qemu.StatusRunning {
		t.Errorf("status %v, %v", s, err)
	}
	b, err := d.BlockDevice("hd0")
	if err != nil || b.Inserted.File != disk || b.Inserted.Image.VirtualSize != 1<<20 {
		t.Errorf("block device %+v, %v", b, err)
	}
	stats, err := d.BlockStats()
	if err != nil || !slices.ContainsFunc(stats, func(s qemu.BlockStats) bool { return s.Device == "hd0" }) {
		t.Errorf("block statistics %+v, %v", stats, err)
	}
	if jobs, err := d.BlockJobs(); err != nil || len(jobs) != 0 {
		t.Errorf("block jobs %v, %v", jobs, err)
	}
	devices, err := d.PCIDevices()
	if err != nil || !slices.ContainsFunc(devices, func(p qemu.PCIDevice) bool { return p.QdevID == "vb" }) {
		t.Errorf("PCI devices %+v, %v", devices, err)
	}
	// As with every QEMU since 6.0: the command this method sends is gone.
	if _, err := d.CPUs(); err == nil || err.Error() != "The command query-cpus has not been found" {
		t.Errorf("CPUs: %v", err)
	}
	// A machine without a display has nothing to dump.
	if r, err := d.ScreenDump(); err == nil {
		r.Close()
		t.Error("a picture of no screen")
	}

	// Events have to be taken all the time, or the monitor gets stuck.
	events, done, err := d.Events()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan []string, 1)
	go func() {
		var list []string
		for e := range events {
			if list = append(list, e.Event); e.Event == "POWERDOWN" {
				break
			}
		}
		done <- struct{}{}
		seen <- list
	}()
	if err := d.SystemReset(); err != nil {
		t.Errorf("reset: %v", err)
	}
	if err := d.SystemPowerdown(); err != nil {
		t.Errorf("powerdown: %v", err)
	}
	if diff := cmp.Diff([]string{"RESET", "POWERDOWN"}, <-seen); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
