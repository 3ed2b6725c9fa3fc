package qcow2

import (
	"errors"
	"fmt"
	"syscall"
)

// The refcount structure: a table of blocks, which hold a count per cluster of
// the file.

// perBlock is how many clusters one block counts.
func (h *Header) perBlock() int64 { return h.ClusterSize() * 8 >> h.RefcountOrder }

func (i *Image) readRefTable() error {
	t := make([]byte, int64(i.h.refTableClusters)<<i.h.ClusterBits)
	if _, err := i.f.ReadAt(t, i.h.refTableAt); err != nil {
		return err
	}
	i.refTable = make([]int64, len(t)/8)
	for n := range i.refTable {
		i.refTable[n] = int64(be.Uint64(t[n*8:]) &^ 511)
	}
	return nil
}

// count reads the refcount of entry n of a block.
func count(block []byte, order uint32, n int64) uint64 {
	switch {
	case order < 3:
		bits := uint(1) << order
		return uint64(block[n>>(3-order)]>>(uint(n)*bits&7)) & (1<<bits - 1)
	case order == 3:
		return uint64(block[n])
	case order == 4:
		return uint64(be.Uint16(block[n*2:]))
	case order == 5:
		return uint64(be.Uint32(block[n*4:]))
	}
	return be.Uint64(block[n*8:])
}

// putCount is the counterpart of count.
func putCount(block []byte, order uint32, n int64, v uint64) {
	switch {
	case order < 3:
		bits := uint(1) << order
		shift, b := uint(n)*bits&7, &block[n>>(3-order)]
		*b = *b&^byte((1<<bits-1)<<shift) | byte(v<<shift)
	case order == 3:
		block[n] = byte(v)
	case order == 4:
		be.PutUint16(block[n*2:], uint16(v))
	case order == 5:
		be.PutUint32(block[n*4:], uint32(v))
	default:
		be.PutUint64(block[n*8:], v)
	}
}

// refcount returns how often a cluster of the file is used.
func (i *Image) refcount(cluster int64) (uint64, error) {
	n := cluster / i.h.perBlock()
	if n >= int64(len(i.refTable)) || i.refTable[n] == 0 {
		return 0, nil
	}
	b, err := i.blocks.get(i, i.refTable[n])
	if err != nil {
		return 0, err
	}
	return count(b, i.h.RefcountOrder, cluster%i.h.perBlock()), nil
}

// setRefcount changes it, making the block that counts the cluster if there is
// none yet.
func (i *Image) setRefcount(cluster int64, v uint64) error {
	if i.h.RefcountOrder < 6 && v>>(1<<i.h.RefcountOrder) != 0 {
		return fmt.Errorf("The refcount of a cluster is too large: %w", syscall.EINVAL)
	}
	if err := i.ensureBlock(cluster / i.h.perBlock()); err != nil {
		return err
	}
	at := i.refTable[cluster/i.h.perBlock()]
	b, err := i.blocks.get(i, at)
	if err != nil {
		return err
	}
	n := cluster % i.h.perBlock()
	putCount(b, i.h.RefcountOrder, n, v)
	if v == 0 {
		i.free = min(i.free, cluster)
	}
	first := n << i.h.RefcountOrder >> 3
	last := ((n+1)<<i.h.RefcountOrder - 1) >> 3
	_, err = i.f.WriteAt(b[first:last+1], at+first)
	return err
}

// ensureBlock makes the block of a number.
func (i *Image) ensureBlock(n int64) error {
	if n < int64(len(i.refTable)) && i.refTable[n] != 0 {
		return nil
	}
	if n >= int64(len(i.refTable)) {
		if err := i.growRefTable(n + 1); err != nil || i.refTable[n] != 0 {
			return err
		}
	}
	c, err := i.findFree(1)
	if err != nil {
		return err
	}
	own := c / i.h.perBlock()
	if own != n {
		// The block lies where another counts, which has to be there first.
		if err := i.ensureBlock(own); err != nil {
			return err
		}
		if c, err = i.findFree(1); err != nil {
			return err
		}
	}
	at := c << i.h.ClusterBits
	block := make([]byte, i.h.ClusterSize())
	if c/i.h.perBlock() == n {
		putCount(block, i.h.RefcountOrder, c%i.h.perBlock(), 1) // it counts itself
	} else if err := i.setRefcount(c, 1); err != nil {
		return err
	}
	if _, err := i.f.WriteAt(block, at); err != nil {
		return err
	}
	i.refTable[n] = at
	_, err = i.f.WriteAt(be.AppendUint64(nil, uint64(at)), i.h.refTableAt+n*8)
	return err
}

// growRefTable moves the table to behind everything that it counted, with room
// for at least so many blocks, and with the blocks that count its new place.
func (i *Image) growRefTable(need int64) error {
	cs, per := i.h.ClusterSize(), i.h.perBlock()
	start := int64(len(i.refTable)) * per
	blocks, clusters := int64(1), int64(0)
	for {
		entries := max(need, int64(len(i.refTable))*3/2, start/per+blocks)
		clusters = (entries*8 + cs - 1) / cs
		if more := (clusters + blocks + per - 1) / per; more > blocks {
			blocks = more
			continue
		}
		break
	}
	table := make([]int64, clusters*cs/8)
	copy(table, i.refTable)
	for b := range blocks {
		block := make([]byte, cs)
		for c := b * per; c < min((b+1)*per, blocks+clusters); c++ {
			putCount(block, i.h.RefcountOrder, c-b*per, 1)
		}
		at := (start + b) << i.h.ClusterBits
		if _, err := i.f.WriteAt(block, at); err != nil {
			return err
		}
		table[start/per+b] = at
	}
	raw := make([]byte, 0, clusters*cs)
	for _, at := range table {
		raw = be.AppendUint64(raw, uint64(at))
	}
	at := (start + blocks) << i.h.ClusterBits
	if _, err := i.f.WriteAt(raw, at); err != nil {
		return err
	}
	oldAt, oldClusters := i.h.refTableAt, int64(i.h.refTableClusters)
	i.h.refTableAt, i.h.refTableClusters, i.refTable = at, uint32(clusters), table
	if err := i.storeHeader(); err != nil {
		return err
	}
	return i.release(oldAt, oldClusters*cs)
}

// findFree finds a run of n clusters that nobody uses.
func (i *Image) findFree(n int64) (int64, error) {
	start := i.free
	for c := start; c-start < n; c++ {
		used, err := i.refcount(c)
		if err != nil {
			return 0, err
		}
		if used != 0 {
			start = c + 1
		}
	}
	return start, nil
}

// alloc takes n clusters in a row and returns where they lie.
func (i *Image) alloc(n int64) (int64, error) {
	for {
		c, err := i.findFree(n)
		if err != nil {
			return 0, err
		}
		// Blocks that are made now may lie just there.
		for b := c / i.h.perBlock(); b <= (c+n-1)/i.h.perBlock(); b++ {
			if err := i.ensureBlock(b); err != nil {
				return 0, err
			}
		}
		if again, err := i.findFree(n); err != nil {
			return 0, err
		} else if again != c {
			continue
		}
		for k := range n {
			if err := i.setRefcount(c+k, 1); err != nil {
				return 0, err
			}
		}
		if n == 1 || c == i.free {
			i.free = c + n
		}
		return c << i.h.ClusterBits, nil
	}
}

// placeTable writes a table to clusters of its own, and returns where: at 0 if it is
// empty. It is in the file when placeTable returns; when that fails no cluster is used.
func (i *Image) placeTable(table []byte) (at int64, err error) {
	if len(table) == 0 {
		return 0, nil
	}
	cs := i.h.ClusterSize()
	if at, err = i.alloc((int64(len(table)) + cs - 1) / cs); err != nil {
		return 0, err
	}
	if _, err = i.f.WriteAt(table, at); err == nil {
		err = i.f.Flush()
	}
	if err != nil {
		return 0, errors.Join(err, i.release(at, int64(len(table))))
	}
	return at, nil
}

// release drops one use of all clusters that a range of the file touches.
func (i *Image) release(at, n int64) error { return i.use(at, n, -1) }

// use changes how often all clusters are used that a range of the file touches:
// all of them, or with an error none.
func (i *Image) use(at, n, by int64) error {
	first := at >> i.h.ClusterBits
	for c := first; c <= (at+n-1)>>i.h.ClusterBits; c++ {
		if err := i.useCluster(c, by); err != nil {
			for c--; c >= first; c-- {
				err = errors.Join(err, i.useCluster(c, -by))
			}
			return err
		}
	}
	return nil
}

func (i *Image) useCluster(c, by int64) error {
	used, err := i.refcount(c)
	if err != nil {
		return err
	}
	if used == 0 {
		return errors.New("A cluster of the image is used but not counted")
	}
	if err := i.setRefcount(c, used+uint64(by)); err != nil {
		return err
	}
	if used+uint64(by) == 0 {
		i.blocks.drop(c << i.h.ClusterBits)
		i.tables.drop(c << i.h.ClusterBits)
	}
	return nil
}
