package block

import (
	"encoding/binary"
	"slices"
	"strings"
)

// nbdContext is something that an export tells of its blocks.
type nbdContext struct {
	id   uint32
	name string

	// at tells of the range at off, and for how many bytes, n at most, it holds.
	// chain is the data of the node and of what is behind it.
	at func(chain []image, off, n int64) (flags uint32, length int64, err error)
}

// Flags of base:allocation and of qemu:dirty-bitmap:NAME.
const (
	nbdHole  = 1
	nbdZeros = 2
	nbdDirty = 1
)

// contexts lists what an export has to tell; the numbers are QEMU's.
func (g *Graph) contexts(e *export) []nbdContext {
	list := []nbdContext{{0, "base:allocation", allocation}}
	if e.depth {
		list = append(list, nbdContext{1, "qemu:allocation-depth", depth})
	}
	for i, b := range e.bitmaps {
		list = append(list, nbdContext{uint32(2 + i), "qemu:dirty-bitmap:" + b.name, g.dirtyIn(b)})
	}
	return list
}

func allocation(chain []image, off, n int64) (uint32, int64, error) {
	k, length, err := status(chain, off, n)
	if k == extentData {
		return 0, length, err
	}
	return nbdHole | nbdZeros, length, err
}

// depth tells how far behind the content is: 1 is the node itself, 0 nowhere.
func depth(chain []image, off, n int64) (uint32, int64, error) {
	for i := range chain {
		k, length, err := status(chain[i:i+1], off, n)
		if err != nil || k != extentBehind {
			return uint32(i + 1), length, err
		}
		n = length
	}
	return 0, n, nil
}

func (g *Graph) dirtyIn(b *bitmap) func([]image, int64, int64) (uint32, int64, error) {
	return func(_ []image, off, n int64) (flags uint32, length int64, err error) {
		g.opts.Do(func() {
			at, run, ok := b.dirty.next(off, n+b.granularity)
			switch {
			case !ok:
				length = n
			case at > off:
				length = min(at-off, n)
			default:
				flags, length = nbdDirty, min(at+run-off, n)
			}
		})
		return flags, length, nil
	}
}

// meta lists what an export can tell, and with SET chooses some of it.
func (n *nbdSession) meta(option uint32, data []byte) error {
	be := binary.BigEndian
	next := func() (string, bool) {
		if len(data) < 4 || int64(be.Uint32(data)) > int64(len(data))-4 {
			return "", false
		}
		s := string(data[4 : 4+be.Uint32(data)])
		data = data[4+len(s):]
		return s, true
	}
	name, ok := next()
	if !ok || len(data) < 4 || !n.structured {
		return n.answer(option, nbdInvalid, nil)
	}
	asked := make([]string, 0, min(be.Uint32(data), maxNBDOption/4))
	count := int(be.Uint32(data))
	for data = data[4:]; len(asked) < count; {
		query, ok := next()
		if !ok {
			return n.answer(option, nbdInvalid, nil)
		}
		asked = append(asked, query)
	}
	var all []nbdContext
	found := false
	n.s.g.opts.Do(func() {
		var e *export
		if e, found = n.s.g.named(name); found {
			all = n.s.g.contexts(e)
		}
	})
	if !found {
		return n.answer(option, nbdUnknown, nil)
	}
	list := option == nbdOptListMeta
	chosen := slices.DeleteFunc(all, func(c nbdContext) bool {
		return !(list && len(asked) == 0) && !slices.ContainsFunc(asked, func(q string) bool { return c.matches(q, list) })
	})
	if !list {
		n.contexts, n.contextsOf = chosen, name
	}
	for _, c := range chosen {
		id := c.id
		if list {
			id = 0
		}
		if err := n.answer(option, nbdMetaContext, append(be.AppendUint32(nil, id), c.name...)); err != nil {
			return err
		}
	}
	return n.answer(option, nbdAck, nil)
}

// matches reports whether a query means a context. Who only lists may ask for
// all with a beginning that ends in a colon.
func (c nbdContext) matches(query string, list bool) bool {
	return query == c.name || list && strings.HasSuffix(query, ":") && strings.HasPrefix(c.name, query)
}

// blockStatus is what the chosen contexts tell of a range: a chunk for each. With
// one each tells of its first part only.
func (n *nbdSession) blockStatus(cookie []byte, off, length int64, one bool) error {
	be := binary.BigEndian
	var chunks [][]byte
	err := n.s.g.pass(n.root, func(node *Node, _ image) error {
		var chain []image
		n.s.g.opts.Do(func() { chain = node.chain(nil) })
		for _, c := range n.contexts {
			chunk, last, have := be.AppendUint32(nil, c.id), uint32(0), int64(0)
			for at := int64(0); at < length && len(chunk) < maxNBDStatus; {
				flags, part, err := c.at(chain, off+at, length-at)
				if err != nil {
					return err
				}
				if have > 0 && flags != last {
					if chunk = be.AppendUint32(be.AppendUint32(chunk, uint32(have)), last); one {
						have = 0
						break
					}
					have = 0
				}
				last, have, at = flags, have+part, at+part
			}
			if have > 0 {
				chunk = be.AppendUint32(be.AppendUint32(chunk, uint32(have)), last)
			}
			chunks = append(chunks, chunk)
		}
		return nil
	})
	if err != nil {
		return n.chunkError(cookie, err)
	}
	for i, c := range chunks {
		if err := n.chunk(cookie, i == len(chunks)-1, nbdChunkStatus, c); err != nil {
			return err
		}
	}
	return nil
}

// chunk sends a part of a structured reply.
func (n *nbdSession) chunk(cookie []byte, last bool, kind uint16, data ...[]byte) error {
	be := binary.BigEndian
	var flags uint16
	if last {
		flags = nbdChunkDone
	}
	all := slices.Concat(data...)
	b := append(be.AppendUint16(be.AppendUint16(be.AppendUint32(nil, nbdStructured), flags), kind), cookie...)
	_, err := n.c.Write(append(be.AppendUint32(b, uint32(len(all))), all...))
	return err
}

// chunkError ends a structured reply with an error.
func (n *nbdSession) chunkError(cookie []byte, err error) error {
	be := binary.BigEndian
	text := reason(err)
	return n.chunk(cookie, true, nbdChunkError, be.AppendUint16(be.AppendUint32(nil, uint32(errnoOf(err))), uint16(len(text))), []byte(text))
}
