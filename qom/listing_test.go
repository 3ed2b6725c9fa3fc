package qom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// QEMU 11.1.3 told these orders, of /, of /objects, and of a bus.
func TestListing(t *testing.T) {
	numbered := func(first, format string, n int) string {
		for i := range n {
			first += fmt.Sprintf(format, i)
		}
		return first
	}
	for _, c := range []struct{ made, told string }{
		{"chardevs objects backend machine audiodevs", "backend machine objects chardevs audiodevs"},
		{numbered("compat_monitor0", " x%d", 40), "x14 x7 x24 x34 x19 x1 x29 x13 x39 x6 x23 x33 x18 x0 x28 x12 x38 x22 x5 x32 x17 x27 x9 x11 " +
			"x37 x21 x4 x31 x16 x26 compat_monitor0 x10 x36 x3 x20 x30 x15 x8 x25 x35 x2"},
		{numbered("hotplug-handler realized", " child[%d]", 11), "child[9] child[6] child[7] child[8] child[2] child[10] realized " +
			"child[0] child[1] child[3] hotplug-handler child[4] child[5]"},
	} {
		tree := qomtest.NewTree(t, qom.NewTypes(nil))
		for name := range strings.FieldsSeq(c.made) {
			if _, err := tree.NewChild(tree.Root(), name, "container"); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, p := range tree.Root().Listing() {
			got = append(got, p.Name)
		}
		if diff := cmp.Diff("type "+c.told, strings.Join(got, " ")); diff != "" {
			t.Error(diff)
		}
	}
}
