package format

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Record collects the fields of one record.
type Record []byte

// Uint appends an unsigned number.
func (r *Record) Uint(v uint64) { *r = binary.AppendUvarint(*r, v) }

// Int appends a signed number.
func (r *Record) Int(v int64) { *r = binary.AppendVarint(*r, v) }

// Ref appends an index into another table; -1 stands for "none".
func (r *Record) Ref(i int) { r.Uint(uint64(i + 1)) }

// Writer builds a container in memory.
type Writer struct {
	strings map[string]int
	table   [][]byte
	entries []entry
}

type entry struct {
	id, method, plain uint32
	body              []byte
}

// NewWriter returns an empty container.
func NewWriter() *Writer { return &Writer{strings: map[string]int{}} }

// String returns the index of s in the table of strings, adding it when new.
func (w *Writer) String(s string) int {
	i, ok := w.strings[s]
	if !ok {
		i = len(w.table)
		w.strings[s] = i
		w.table = append(w.table, []byte(s))
	}
	return i
}

// Table adds a section of records.
func (w *Writer) Table(id uint32, records [][]byte) {
	body := putU32(nil, uint32(len(records)))
	var off uint32
	for _, r := range records {
		body = putU32(body, off)
		off += uint32(len(r))
	}
	body = putU32(body, off)
	for _, r := range records {
		body = append(body, r...)
	}
	w.entries = append(w.entries, entry{id: id, method: methodStored, plain: uint32(len(body)), body: body})
}

// Deflate adds a compressed section.
func (w *Writer) Deflate(id uint32, plain []byte) error {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return fmt.Errorf("section %d: %w", id, err)
	}
	if _, err := z.Write(plain); err != nil {
		return fmt.Errorf("section %d: %w", id, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("section %d: %w", id, err)
	}
	w.entries = append(w.entries, entry{id: id, method: methodFlate, plain: uint32(len(plain)), body: b.Bytes()})
	return nil
}

// Bytes finishes the container. The table of strings is written last, because
// only then every string is known.
func (w *Writer) Bytes() []byte {
	w.Table(Strings, w.table)
	dir := putU32(nil, uint32(len(w.entries)))
	off := uint32(headerSize + entrySize*len(w.entries))
	for _, e := range w.entries {
		for _, v := range []uint32{e.id, e.method, off, uint32(len(e.body)), e.plain} {
			dir = putU32(dir, v)
		}
		off += uint32(len(e.body))
	}
	for _, e := range w.entries {
		dir = append(dir, e.body...)
	}
	out := putU32([]byte(magic), crc32.ChecksumIEEE(dir))
	return append(out, dir...)
}
