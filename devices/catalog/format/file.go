package format

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

const (
	magic        = "qomcat2\x00"
	earlier      = "qomcat1\x00" // had processors as JSON
	headerSize   = len(magic) + 8
	entrySize    = 20
	methodStored = 0
	methodFlate  = 1

	// maxSections and maxPlain bound what a hostile file can ask for.
	maxSections = 64
	maxPlain    = 64 << 20
)

// Section numbers of a catalog. They are part of the file format: a number is
// never given a second meaning.
const (
	Strings = iota + 1 // table of every string
	Props              // table of distinct properties
	Lists              // table of property lists, as differences
	Types              // table of types, sorted by name
	Machines
	Devices // table parallel to Types: what a device does when plugged
	Meta    // version, commands, events, options, commands of the human monitor
	Schema  // JSON of query-qmp-schema
	CPUDefinitions
	CPUExpansions // table of recorded answers about CPU models, as what fills templates
	CommandLineOptions
	CPUSlots
	Templates // table of the templates of CPUExpansions
)

// ErrFormat says that data is not a catalog file, or a damaged one.
var ErrFormat = errors.New("not a catalog file")

type section struct {
	method, plain uint32
	body          string
}

// File is an opened container. It is immutable and may be shared.
type File struct {
	sections map[uint32]section
}

// Open reads the directory of a container; no section is decoded yet. With
// verify the checksum of the whole file is compared as well, which is right
// for files from outside and needless for embedded ones.
func Open(data string, verify bool) (*File, error) {
	if strings.HasPrefix(data, earlier) {
		return nil, fmt.Errorf("%w of this version: capture it again", ErrFormat)
	}
	if len(data) < headerSize || data[:len(magic)] != magic {
		return nil, fmt.Errorf("%w: wrong magic", ErrFormat)
	}
	if verify && crc32.ChecksumIEEE([]byte(data[len(magic)+4:])) != u32(data, len(magic)) {
		return nil, fmt.Errorf("%w: checksum differs", ErrFormat)
	}
	n := u32(data, len(magic)+4)
	if n > maxSections || len(data) < headerSize+int(n)*entrySize {
		return nil, fmt.Errorf("%w: bad directory", ErrFormat)
	}
	f := &File{sections: make(map[uint32]section, n)}
	for i := range int(n) {
		at := headerSize + i*entrySize
		off, size := uint64(u32(data, at+8)), uint64(u32(data, at+12))
		if off+size > uint64(len(data)) {
			return nil, fmt.Errorf("%w: section %d reaches past the end", ErrFormat, u32(data, at))
		}
		f.sections[u32(data, at)] = section{
			method: u32(data, at+4),
			plain:  u32(data, at+16),
			body:   data[off : off+size],
		}
	}
	return f, nil
}

// Has tells whether the container has a section.
func (f *File) Has(id uint32) bool {
	_, ok := f.sections[id]
	return ok
}

// Bytes returns the plain content of a section, inflating it when needed; the
// caller owns the slice. A section the file lacks is an error.
func (f *File) Bytes(id uint32) ([]byte, error) {
	s, ok := f.sections[id]
	if !ok {
		return nil, fmt.Errorf("%w: no section %d", ErrFormat, id)
	}
	switch s.method {
	case methodStored:
		return []byte(s.body), nil
	case methodFlate:
		if s.plain > maxPlain {
			return nil, fmt.Errorf("%w: section %d is too large", ErrFormat, id)
		}
		out := make([]byte, s.plain)
		if _, err := io.ReadFull(flate.NewReader(strings.NewReader(s.body)), out); err != nil {
			return nil, fmt.Errorf("%w: section %d: %w", ErrFormat, id, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: section %d has unknown method %d", ErrFormat, id, s.method)
}

// Table returns a stored table section; a section that is missing, compressed
// or damaged gives an empty table.
func (f *File) Table(id uint32) Table {
	s := f.sections[id]
	if s.method != methodStored || len(s.body) < 8 {
		return Table{}
	}
	n := uint64(u32(s.body, 0))
	if 4+4*(n+1) > uint64(len(s.body)) {
		return Table{}
	}
	return Table{n: int(n), index: s.body[4 : 4+4*(n+1)], body: s.body[4+4*(n+1):]}
}

func u32(s string, at int) uint32 {
	return uint32(s[at]) | uint32(s[at+1])<<8 | uint32(s[at+2])<<16 | uint32(s[at+3])<<24
}

func putU32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
