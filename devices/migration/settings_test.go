package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/qmp/qjson"
)

// What a real QEMU 11.1.3 answered.
func TestParameters(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value any
		want  string
	}{
		{"announce-max", int64(100000), ""},
		{"announce-max", int64(-1), "Option announce-max expects a value between 0 and 100000"},
		{"announce-step", int64(0), "Option announce-step expects a value between 0 and 10000"},
		{"cpu-throttle-initial", int64(100), "Option cpu-throttle-initial expects an integer in the range of 1 to 99"},
		{"downtime-limit", int64(2000000), ""},
		{"downtime-limit", int64(1 << 31), "Option downtime-limit expects an integer in the range of 0 to (2000 * 1000) ms"},
		{"max-bandwidth", int64(-1), ""},
		{"max-cpu-throttle", int64(2), "Option max-cpu-throttle expects an integer in the range of cpu-throttle-initial to 99"},
		{"multifd-channels", int64(0), "Option multifd-channels expects a value between 1 and 255"},
		{"vcpu-dirty-limit", int64(0), "Parameter 'vcpu-dirty-limit' must be greater than 1 MB/s"},
		{"x-rdma-chunk-size", int64(3 << 20), "Option x_rdma_chunk_size expects a power of 2 in the range 1MiB to 1024MiB"},
		{"xbzrle-cache-size", int64(4096), ""},
		{"xbzrle-cache-size", int64(4095), "Option xbzrle-cache-size expects a power of two no less than the target page size"},
	} {
		var s migration.Settings
		before := s.Parameter(tc.name)
		got := ""
		if err := s.SetParameters(qjson.NewObject(qjson.Member{Name: tc.name, Value: tc.value})); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s = %v: %q, want %q", tc.name, tc.value, got, tc.want)
		}
		want := tc.value
		if tc.want != "" {
			want = before
		}
		if diff := cmp.Diff(want, s.Parameter(tc.name)); diff != "" {
			t.Errorf("%s = %v (-want +got):\n%s", tc.name, tc.value, diff)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for _, tc := range []struct {
		on   []string
		want string
	}{
		{[]string{"events", "xbzrle"}, ""},
		{[]string{"x-colo"}, "Capability 'x-colo' requires capability 'return-path'"},
		{[]string{"x-colo", "return-path"}, ""},
		{[]string{"zero-copy-send"}, "Zero copy only available for non-compressed non-TLS multifd migration"},
		{[]string{"zero-copy-send", "multifd"}, ""},
		{[]string{"postcopy-preempt"}, "Postcopy preempt requires postcopy-ram"},
		{[]string{"background-snapshot", "postcopy-ram"}, "Background-snapshot is not compatible with postcopy-ram"},
		{[]string{"postcopy-ram", "x-ignore-shared"}, "Postcopy is not compatible with ignore-shared"},
		{[]string{"multifd", "xbzrle"}, "Multifd is not compatible with xbzrle"},
		{[]string{"mapped-ram", "xbzrle"}, "Mapped-ram migration is incompatible with xbzrle"},
		{[]string{"mapped-ram", "postcopy-ram"}, "Mapped-ram migration is incompatible with postcopy"},
		{[]string{"multifd", "xbzrle", "zero-copy-send"}, "Zero copy only available for non-compressed non-TLS multifd migration"},
		{[]string{"dirty-limit"}, "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set"},
	} {
		var s migration.Settings
		var list []migration.Capability
		for _, name := range tc.on {
			list = append(list, migration.Capability{Capability: name, State: true})
		}
		got := ""
		if err := s.SetCapabilities(list); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%v: %q, want %q", tc.on, got, tc.want)
		}
		for _, name := range tc.on {
			if s.Has(name) != (tc.want == "") {
				t.Errorf("%v: %s is %v", tc.on, name, s.Has(name))
			}
		}
	}
}
