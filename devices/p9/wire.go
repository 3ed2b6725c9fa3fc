package p9

import (
	"encoding/binary"
	"strings"
)

var le = binary.LittleEndian

// in takes a message apart. What is not there reads as zero, and short says so.
type in struct {
	p     []byte
	short bool
}

func (r *in) take(n int) []byte {
	if n > len(r.p) {
		r.short, r.p = true, nil
		return make([]byte, n)
	}
	b := r.p[:n]
	r.p = r.p[n:]
	return b
}

func (r *in) u8() uint8   { return r.take(1)[0] }
func (r *in) u16() uint16 { return le.Uint16(r.take(2)) }
func (r *in) u32() uint32 { return le.Uint32(r.take(4)) }
func (r *in) u64() uint64 { return le.Uint64(r.take(8)) }

// str is a string; it ends where a zero byte is, for names in a file system do.
func (r *in) str() string {
	s, _, _ := strings.Cut(string(r.take(int(r.u16()))), "\x00")
	return s
}

// out puts an answer together, behind its header.
type out struct{ p []byte }

func (w *out) u8(v uint8)   { w.p = append(w.p, v) }
func (w *out) u16(v uint16) { w.p = le.AppendUint16(w.p, v) }
func (w *out) u32(v uint32) { w.p = le.AppendUint32(w.p, v) }
func (w *out) u64(v uint64) { w.p = le.AppendUint64(w.p, v) }

func (w *out) str(s string) {
	w.u16(uint16(len(s)))
	w.p = append(w.p, s...)
}

// qid is what a client knows a file by.
type qid struct {
	kind    uint8
	version uint32
	path    uint64
}

func (w *out) qid(q qid) {
	w.u8(q.kind)
	w.u32(q.version)
	w.u64(q.path)
}

// message ends an answer.
func (w *out) message(kind uint8, tag uint16) []byte {
	le.PutUint32(w.p, uint32(len(w.p)))
	w.p[4] = kind
	le.PutUint16(w.p[5:], tag)
	return w.p
}
