package migration

import (
	"encoding/json"

	"github.com/qomd/qomd/devices/memory"
)

// load reads a stream to its end.
func (in *incoming) load() error {
	in.do(func() {
		if in.status == Setup {
			in.set(Active)
		}
	})
	if err := readMagic(in.channel); err != nil {
		return err
	}
	for first := true; ; first = false {
		typ, content, err := readRecord(in.channel)
		if err != nil {
			return err
		}
		if first != (typ == recordHeader) {
			return invalid("a record of type %q is out of place", typ)
		}
		if typ == recordEnd {
			return in.complete()
		}
		in.do(func() { err = in.record(typ, content) })
		if err != nil {
			return err
		}
	}
}

// complete checks that all has come.
func (in *incoming) complete() error {
	var err error
	in.do(func() {
		if !in.loaded {
			err = invalid("the stream has no state of the devices")
		}
	})
	return err
}

// record takes one record in, under the machine's lock.
func (in *incoming) record(typ recordType, content []byte) error {
	switch typ {
	case recordHeader:
		return in.header(content)
	case recordPages:
		return in.pages(content)
	case recordPostcopy:
		in.set(PostcopyDevice)
		return nil
	case recordState:
		return in.state(content)
	}
	return invalid("Unknown savevm section type %d", typ)
}

// header holds the source against this machine.
func (in *incoming) header(content []byte) error {
	var h header
	if err := json.Unmarshal(content, &h); err != nil {
		return invalid("configuration: %v", err)
	}
	if h.Resume {
		if in.status != PostcopyPaused || len(h.Blocks) != len(in.blocks) {
			return invalid("the stream goes on with one that did not break off here")
		}
		in.set(PostcopyRecover)
		in.set(PostcopyActive)
		return nil
	}
	host := in.m.host
	if in.status.postcopy() {
		return invalid("the stream does not go on with the one that broke off")
	}
	if local := host.MachineType(); h.Machine != local {
		return invalid("post load hook failed for: configuration, version_id: 1, minimum_version: 0: "+
			"Machine type received is '%s' and local is '%s'", h.Machine, local)
	}
	if in.m.Has("validate-uuid") && h.UUID != host.UUID() {
		return invalid("UUID received is %s and local is %s", h.UUID, host.UUID())
	}
	if err := host.Follow(h.Plan); err != nil {
		return invalid("%v", err)
	}
	return in.match(h.Blocks)
}

// match finds the memory that the stream speaks of, and empties it.
func (in *incoming) match(list []blockHeader) error {
	local := map[string]Block{}
	for _, b := range in.m.host.Blocks() {
		local[b.Name] = b
	}
	in.blocks = nil
	for _, want := range list {
		b, ok := local[want.Name]
		if !ok {
			return invalid("Unknown ramblock \"%s\", cannot accept migration", want.Name)
		}
		if size := b.Region.Size(); size != want.Size {
			return invalid("Size mismatch: %s: 0x%x != 0x%x", want.Name, want.Size, size)
		}
		zero := make([]byte, memory.PageSize)
		for off, p := range b.Region.Pages(0) {
			b.Region.Load(off, zero[:len(p)])
		}
		in.blocks = append(in.blocks, b)
	}
	return nil
}

// pages is a record of memory.
func (in *incoming) pages(content []byte) error {
	p, data, err := decodePlace(content)
	if err != nil {
		return err
	}
	if err := in.inside(p, uint64(len(data))); err != nil {
		return err
	}
	in.blocks[p.block].Region.Load(p.offset, data)
	return nil
}

// inside checks that a range is in its block.
func (in *incoming) inside(p place, size uint64) error {
	if int(p.block) >= len(in.blocks) {
		return invalid("memory of block %d, and there are %d", p.block, len(in.blocks))
	}
	b := in.blocks[p.block]
	if end := b.Region.Size(); p.offset > end || size > end-p.offset {
		return invalid("Illegal RAM offset %x in %s", p.offset, b.Name)
	}
	return nil
}

// state gives everything its state.
func (in *incoming) state(content []byte) error {
	var s state
	if err := json.Unmarshal(content, &s); err != nil {
		return invalid("state: %v", err)
	}
	host := in.m.host
	if err := host.Follow(s.Plan); err != nil {
		return invalid("%v", err)
	}
	if err := host.Load(s.Sections); err != nil {
		return invalid("%v", err)
	}
	in.loaded = true
	if in.status == PostcopyDevice {
		in.set(PostcopyActive)
	}
	return nil
}
