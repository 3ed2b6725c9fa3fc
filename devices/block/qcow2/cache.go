package qcow2

// cacheLimit is how many tables of a kind are kept in memory.
const cacheLimit = 16

// cache keeps clusters of metadata. What changes is written to the file at
// once, so that any of them can be forgotten.
type cache struct{ m map[int64][]byte }

func (c *cache) get(i *Image, at int64) ([]byte, error) {
	if b := c.m[at]; b != nil {
		return b, nil
	}
	b := make([]byte, i.h.ClusterSize())
	if _, err := i.f.ReadAt(b, at); err != nil {
		return nil, err
	}
	c.put(at, b)
	return b, nil
}

func (c *cache) put(at int64, b []byte) {
	if c.m == nil {
		c.m = map[int64][]byte{}
	}
	for old := range c.m {
		if len(c.m) < cacheLimit {
			break
		}
		delete(c.m, old)
	}
	c.m[at] = b
}

func (c *cache) drop(at int64) { delete(c.m, at) }
