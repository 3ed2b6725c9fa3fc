package glib

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOrder holds walks against those of QEMU 11.1.3, whose qom-list tells them
// backwards: of the root, and of a bus that has outgrown its first table.
func TestOrder(t *testing.T) {
	bus := "hotplug-handler realized"
	for i := range 11 {
		bus += fmt.Sprintf(" child[%d]", i)
	}
	for _, c := range []struct{ inserted, told string }{
		{"chardevs objects backend machine audiodevs", "backend machine objects chardevs audiodevs"},
		{bus, "child[9] child[6] child[7] child[8] child[2] child[10] realized child[0] child[1] child[3] hotplug-handler child[4] child[5]"},
	} {
		var table HashTable
		for key := range strings.FieldsSeq(c.inserted) {
			table.Insert(key)
		}
		got := keys(&table)
		slices.Reverse(got)
		if s := strings.Join(got, " "); s != c.told {
			t.Errorf("%s\n got %s\nwant %s", c.inserted, s, c.told)
		}
	}
}

// TestIsSet: whatever is inserted and removed, the keys are those of a set.
func TestIsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table HashTable
		set := make(map[string]bool)
		key := rapid.StringMatching(`[a-c]{0,4}`)
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			k := key.Draw(t, "key")
			if rapid.Bool().Draw(t, "insert") {
				table.Insert(k)
				set[k] = true
			} else {
				table.Remove(k)
				delete(set, k)
			}
			got := keys(&table)
			slices.Sort(got)
			var want []string
			for k := range set {
				want = append(want, k)
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("keys %q, want %q", got, want)
			}
		}
	})
}

func keys(t *HashTable) (list []string) {
	for _, key := range t.All() {
		list = append(list, key)
	}
	return list
}
