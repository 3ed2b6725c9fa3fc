package migration

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The beginning of a stream.
const (
	magic   = 0x514f4d44 // "QOMD"
	version = 2
)

// recordType says what is in a record.
type recordType byte

// The records of a stream.
const (
	recordHeader   recordType = 'H' // JSON of header
	recordPages    recordType = 'M' // block number, offset, content
	recordState    recordType = 'S' // JSON of state
	recordPostcopy recordType = 'P' // the memory follows the state
	recordEnd      recordType = 'E' // all is there
	recordAnswer   recordType = 'A' // from the destination, JSON of answer
)

// Limits of what a destination believes.
const (
	maxRecord = 1 << 30 // bytes
	growBy    = 1 << 20 // bytes of a record that are taken on trust
)

// writeMagic begins a stream.
func writeMagic(w io.Writer) error {
	p := binary.BigEndian.AppendUint32(nil, magic)
	_, err := w.Write(binary.BigEndian.AppendUint32(p, version))
	return err
}

// appendRecord adds a record: type, length, content, and a check sum of these.
func appendRecord(p []byte, typ recordType, content ...[]byte) []byte {
	start, size := len(p), 0
	for _, c := range content {
		size += len(c)
	}
	p = append(p, byte(typ))
	p = binary.BigEndian.AppendUint32(p, uint32(size))
	for _, c := range content {
		p = append(p, c...)
	}
	return binary.BigEndian.AppendUint32(p, crc32.ChecksumIEEE(p[start:]))
}

// A loadError is why a stream was refused; kind is the text of the errno that
// QEMU would have.
type loadError struct{ kind, text string }

func (e *loadError) Error() string { return "load of migration failed: " + e.kind + ": " + e.text }

func invalid(format string, args ...any) error {
	return &loadError{"Invalid argument", fmt.Sprintf(format, args...)}
}

// broken is the error of a stream that ended early or cannot be read.
func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &loadError{"Input/output error", "the stream ends early"}
	}
	return &loadError{"Input/output error", reason(err)}
}

// readMagic checks the beginning of a stream.
func readMagic(r io.Reader) error {
	var p [8]byte
	n, err := io.ReadFull(r, p[:])
	if got := binary.BigEndian.Uint32(p[:]); n >= 4 && got != magic {
		return invalid("Not a migration stream, magic: %x != %x", got, magic)
	}
	if err != nil {
		return broken(err)
	}
	if got := binary.BigEndian.Uint32(p[4:]); got != version {
		return &loadError{"Operation not supported", fmt.Sprintf("Unsupported migration stream version, file version %x != %x", got, version)}
	}
	return nil
}

// readRecord returns the next record.
func readRecord(r io.Reader) (recordType, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, broken(err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxRecord {
		return 0, nil, invalid("a record of %d bytes", size)
	}
	var content bytes.Buffer
	content.Grow(int(min(size, growBy)))
	if _, err := io.CopyN(&content, r, int64(size)); err != nil {
		return 0, nil, broken(err)
	}
	var sum [4]byte
	if _, err := io.ReadFull(r, sum[:]); err != nil {
		return 0, nil, broken(err)
	}
	crc := crc32.NewIEEE()
	crc.Write(head[:])
	crc.Write(content.Bytes())
	if binary.BigEndian.Uint32(sum[:]) != crc.Sum32() {
		return 0, nil, invalid("the check sum of a record does not fit")
	}
	return recordType(head[0]), content.Bytes(), nil
}

// header is what a destination is to be like.
type header struct {
	Machine string        `json:"machine"`
	UUID    string        `json:"uuid,omitempty"` // with the capability validate-uuid
	Blocks  []blockHeader `json:"blocks"`
	Plan    []Plug        `json:"plan"`
	// Resume tells that the stream goes on with the memory of one that broke
	// off.
	Resume bool `json:"resume,omitempty"`
}

type blockHeader struct {
	Name string `json:"name"`
	Size uint64 `json:"size"`
}

// state is the state of all devices, with the plan as it is by then.
type state struct {
	Plan     []Plug    `json:"plan"`
	Sections []Section `json:"sections"`
}

// answer is what the destination says in the end.
type answer struct {
	Error string `json:"error,omitempty"`
}
