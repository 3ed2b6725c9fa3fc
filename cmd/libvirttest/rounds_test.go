package libvirttest

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var rounds = flag.Int("rounds", 3, "how often TestRounds starts a domain")

// slowDetach is what no detach takes whose guest acknowledges it, on a machine
// that has nothing else to do. Half of them have to be faster on any.
const slowDetach = 100 * time.Millisecond

var quiet = flag.Bool("quiet", false, "the machine has nothing else to do: TestRounds fails if one detach is slow")

// A domain starts, gets devices, loses them and is destroyed, over and over.
func TestRounds(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.define("rounds", "")
	net, dimm := c.file("net.xml", netXML), c.file("dimm.xml", dimmXML)
	var starts time.Duration
	var detaches []time.Duration
	for n := range *rounds {
		starts += c.took("start rounds")
		for _, xml := range []string{net, dimm} {
			c.run("attach-device rounds %s --live", xml)
			detaches = append(detaches, c.took("detach-device rounds %s --live", xml))
		}
		for _, alias := range []string{"ua-net", "ua-dimm"} {
			if c.has("rounds", alias) {
				t.Fatalf("round %d: %s stays", n, alias)
			}
		}
		c.run("destroy rounds")
	}
	slices.Sort(detaches)
	median, most := detaches[len(detaches)/2], detaches[len(detaches)-1]
	t.Logf("%d rounds: a start takes %v, a detach %v (median), at most %v", *rounds, starts/time.Duration(*rounds), median, most)
	if median > slowDetach || *quiet && most > slowDetach {
		t.Errorf("detaches take more than %v", slowDetach)
	}
}
