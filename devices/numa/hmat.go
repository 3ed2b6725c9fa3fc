package numa

import (
	"errors"
	"fmt"
	"strings"
)

// hmat is what is said of latencies, bandwidths and caches.
type hmat struct {
	values map[path]uint64 // ns or bytes per second
	caches map[[2]uint64]uint64
}

// path is between two nodes, for a kind of access, to memory or to a cache of it.
type path struct {
	initiator, target uint64
	hierarchy, data   string
}

// bandwidthUnit is what bandwidths are multiples of, in bytes per second.
const bandwidthUnit = 1 << 20

func (c *Config) addLatency(a arguments) error {
	if !c.m.HMAT {
		return errHMATOff
	}
	initiator, _ := a.number("initiator")
	target, _ := a.number("target")
	latency, hasLatency := a.number("latency")
	bandwidth, hasBandwidth := a.number("bandwidth")
	p := path{initiator, target, a.text("hierarchy"), a.text("data-type")}
	isLatency := strings.HasSuffix(p.data, "latency")
	_, twice := c.hmat.values[p]
	value, kind := bandwidth, "bandwidth"
	if isLatency {
		value, kind = latency, "latency"
	}
	switch {
	case target >= uint64(c.said):
		return fmt.Errorf("Invalid target=%d, it should be less than %d", target, c.said)
	case !c.present(initiator) || !c.nodes[initiator].hasCPU:
		return fmt.Errorf("Invalid initiator=%d, it isn't an initiator proximity domain", initiator)
	case !c.present(target):
		return fmt.Errorf("The target=%d should point to an existing node", target)
	case isLatency && !hasLatency, !isLatency && !hasBandwidth:
		return fmt.Errorf("Missing '%s' option", kind)
	case isLatency && hasBandwidth:
		return errors.New("Invalid option 'bandwidth' since the data type is latency")
	case !isLatency && hasLatency:
		return errors.New("Invalid option 'latency' since the data type is bandwidth")
	case !isLatency && bandwidth%bandwidthUnit != 0:
		return fmt.Errorf("Bandwidth %d between initiator=%d and target=%d should be 1MB aligned", bandwidth, initiator, target)
	case twice:
		return fmt.Errorf("Duplicate configuration of the %s for initiator=%d and target=%d", kind, initiator, target)
	}
	if c.hmat.values == nil {
		c.hmat.values = map[path]uint64{}
	}
	c.hmat.values[p] = value
	return nil
}

// maxCacheLevel is the highest level of caches.
const maxCacheLevel = 3

func (c *Config) addCache(a arguments) error {
	if !c.m.HMAT {
		return errHMATOff
	}
	node, _ := a.number("node-id")
	level, _ := a.number("level")
	size, _ := a.number("size")
	smaller, hasSmaller := c.hmat.caches[[2]uint64{node, level - 1}]
	larger, hasLarger := c.hmat.caches[[2]uint64{node, level + 1}]
	_, twice := c.hmat.caches[[2]uint64{node, level}]
	switch {
	case node >= uint64(c.said):
		return fmt.Errorf("Invalid node-id=%d, it should be less than %d", node, c.said)
	case !c.described(node):
		return fmt.Errorf("The latency and bandwidth information of node-id=%d should be provided before memory side cache attributes", node)
	case level < 1 || level > maxCacheLevel:
		return fmt.Errorf("Invalid level=%d, it should be larger than 0 and less than or equal to %d", level, maxCacheLevel)
	case twice:
		return fmt.Errorf("Duplicate configuration of the side cache for node-id=%d and level=%d", node, level)
	case level > 1 && !hasSmaller:
		return fmt.Errorf("Cache level=%d shall be defined first", level-1)
	case level > 1 && size <= smaller:
		return fmt.Errorf("Invalid size=%d, the size of level=%d should be larger than the size(%d) of level=%d", size, level, smaller, level-1)
	case hasLarger && size >= larger:
		return fmt.Errorf("Invalid size=%d, the size of level=%d should be less than the size(%d) of level=%d", size, level, larger, level+1)
	}
	if c.hmat.caches == nil {
		c.hmat.caches = map[[2]uint64]uint64{}
	}
	c.hmat.caches[[2]uint64{node, level}] = size
	return nil
}

// described reports whether latency and bandwidth of a node's memory are known.
func (c *Config) described(node uint64) bool {
	latency, bandwidth := false, false
	for p := range c.hmat.values {
		if p.target == node {
			latency = latency || strings.HasSuffix(p.data, "latency")
			bandwidth = bandwidth || strings.HasSuffix(p.data, "bandwidth")
		}
	}
	return latency && bandwidth
}
