package libvirttest

import (
	"flag"
	"testing"
	"time"
)

var rounds = flag.Int("rounds", 3, "how often TestRounds starts a domain")

// A domain starts, gets devices, loses them and is destroyed, over and over.
func TestRounds(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.define("rounds", "")
	net, dimm := c.file("net.xml", netXML), c.file("dimm.xml", dimmXML)
	var slowest, starts time.Duration
	for n := range *rounds {
		starts += c.took("start rounds")
		for _, xml := range []string{net, dimm} {
			c.run("attach-device rounds %s --live", xml)
			slowest = max(slowest, c.took("detach-device rounds %s --live", xml))
		}
		for _, alias := range []string{"ua-net", "ua-dimm"} {
			if c.has("rounds", alias) {
				t.Fatalf("round %d: %s stays", n, alias)
			}
		}
		c.run("destroy rounds")
	}
	t.Logf("%d rounds: a start takes %v, the slowest detach %v", *rounds, starts/time.Duration(*rounds), slowest)
}
