package qdev

import (
	"testing"

	"github.com/qomd/qomd/qmp/qjson"
)

// device_add and device_del of a device without children, DEVICE_DELETED
// included.
func BenchmarkAddDelLeaf(b *testing.B) {
	r := newRig(b)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	benchAddDel(b, r, Request{Driver: "test-leaf", ID: "a", HasID: true, Bus: "c.0", HasBus: true, Props: qjson.NewObject()})
}

// The same of one with an embedded child and a bus.
func BenchmarkAddDelController(b *testing.B) {
	benchAddDel(b, newRig(b), Request{Driver: "controller", ID: "c", HasID: true, Props: qjson.NewObject()})
}

func benchAddDel(b *testing.B, r *rig, req Request) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Add(r.Env, req); err != nil {
			b.Fatal(err)
		}
		if err := r.del(req.ID); err != nil {
			b.Fatal(err)
		}
		if len(r.events) == 0 {
			b.Fatal("no event")
		}
		r.events, r.made = r.events[:0], nil
	}
}

// qom-get of a property that keeps its value, with and without a value set.
func BenchmarkGetProperty(b *testing.B) {
	r := newRig(b)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	d := r.mustAdd(`{'driver': 'test-leaf', 'id': 'a', 'serial': 'x'}`)
	for _, name := range []string{"serial", "u32", "realized"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Get(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
