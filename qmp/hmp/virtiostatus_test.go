package hmp

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qjson"
)

// A balloon of QEMU 7.2, and what it prints of it; the rest is of its code.
func TestVirtioStatus(t *testing.T) {
	v, err := qjson.Parse([]byte(`{"device-endian": "little", "bus-name": "", "disable-legacy-check": false, "name": "virtio-balloon",
		"started": false, "device-id": 5, "backend-features": {"dev-features": [], "transports": []}, "start-on-kick": false,
		"isr": 0, "broken": false, "status": {"statuses": []}, "num-vqs": 3, "guest-features": {"dev-features": [], "transports": []},
		"host-features": {"unknown-dev-features": 4294967296, "dev-features": ["A: a", "B: b"], "transports": ["C: c", "D: d"]},
		"use-guest-notifier-mask": true, "vm-running": false, "queue-sel": 0, "disabled": false, "vhost-started": false,
		"use-started": true}`))
	if err != nil {
		t.Fatal(err)
	}
	var r run
	r.virtioStatus(v.(*qjson.Object))
	want := `  device_name:             virtio-balloon ` + `
  device_id:               5
  vhost_started:           false
  bus_name:                (null)
  broken:                  false
  disabled:                false
  disable_legacy_check:    false
  started:                 false
  use_started:             true
  start_on_kick:           false
  use_guest_notifier_mask: true
  vm_running:              false
  num_vqs:                 3
  queue_sel:               0
  isr:                     0
  endianness:              little
  status:

  Guest features:

  Host features:
	C: c,
	D: d
	A: a,
	B: b
  unknown-features(0x0000000100000000)
  Backend features:

`
	if diff := cmp.Diff(want, r.out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
