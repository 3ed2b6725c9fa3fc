package chardev

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The order of query-chardev as a QEMU 11.1.3 told it.
func TestOrder(t *testing.T) {
	for _, tc := range []struct{ added, listed string }{
		{"c0 compat_monitor0", "c0 compat_monitor0"},
		{"compat_monitor0 c2", "c2 compat_monitor0"},
		{"compat_monitor0 ser2 ms wc td va v st r mem r0 fi fi3 u u2 s s3 s6 s7 s15 s16 s17 s21 s22",
			"s17 s15 s21 s6 va ms s7 v s ser2 s22 r0 fi3 s16 u2 fi td st u s3 r compat_monitor0 mem wc"},
		{"cs compat_monitor0 r n -r r", "r n compat_monitor0 cs"},
	} {
		var o hashOrder
		for _, name := range strings.Fields(tc.added) {
			if gone, ok := strings.CutPrefix(name, "-"); ok {
				o.remove(gone)
			} else {
				o.insert(name)
			}
		}
		if diff := cmp.Diff(strings.Fields(tc.listed), o.list()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.added, diff)
		}
	}
}

// Whatever comes and goes, the table holds what is there.
func TestOrderHoldsNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o hashOrder
		var names []string
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 60), 0, 300).Draw(t, "names") {
			name := fmt.Sprint("c", n)
			if i := slices.Index(names, name); i >= 0 {
				o.remove(name)
				names = slices.Delete(names, i, i+1)
			} else {
				o.insert(name)
				names = append(names, name)
			}
			got := o.list()
			slices.Sort(got)
			want := slices.Sorted(slices.Values(names))
			if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
				t.Fatal(diff)
			}
		}
	})
}
