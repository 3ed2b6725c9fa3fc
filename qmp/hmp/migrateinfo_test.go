package hmp

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qjson"
)

// The figures of a migration of QEMU 11.1.3, and what it prints of them.
func TestMigratedMemory(t *testing.T) {
	v, err := qjson.Parse([]byte(`{"total": 134750208, "postcopy-requests": 0, "dirty-sync-count": 2, "multifd-bytes": 0,
		"pages-per-second": 0, "page-size": 4096, "remaining": 0, "postcopy-bytes": 0, "mbps": 306.128, "transferred": 573990,
		"precopy-bytes": 496829, "duplicate": 32849, "dirty-pages-rate": 0, "normal-bytes": 200704, "normal": 49}`))
	if err != nil {
		t.Fatal(err)
	}
	var r run
	r.migratedMemory(v.(*qjson.Object))
	want := "RAM info:\n  Throughput (Mbps): \t306.13\n  Sizes: \t\tpagesize=4 KiB, total=129 MiB\n" +
		"  Transfers: \t\ttransferred=561 KiB, remain=0 B\n    Channels: \t\tprecopy=485 KiB, multifd=0 B, postcopy=0 B\n" +
		"    Page Types: \tnormal=49, zero=32849\n  Page Rates (pps): \ttransfer=0\n  Others: \t\tdirty_syncs=2\n"
	if diff := cmp.Diff(want, r.out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
