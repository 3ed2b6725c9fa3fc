package block_test

import (
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp/qjson"
)

// TestHasDriver: a driver that is listed is one that users can open.
func TestHasDriver(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"copy-before-write", "copy-on-read", "null-co", "qcow2", "raw", "throttle", "vvfat"} {
		var err error
		r.m.Do(func() {
			err = r.m.Blocks.Add(qjson.NewObject(qjson.Member{Name: "driver", Value: name}, qjson.Member{Name: "node-name", Value: "n-" + name}))
		})
		if unknown := err != nil && strings.Contains(err.Error(), "Unknown driver"); unknown == block.HasDriver(name) {
			t.Errorf("%s: listed %t, but opening it says %v", name, block.HasDriver(name), err)
		}
	}
}
