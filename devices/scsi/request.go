package scsi

import "io"

// Status codes, SAM-5 table 42.
const (
	good           = 0
	checkCondition = 2
)

// Request is a command that was carried out. For commands with data, the
// adapter then moves it with Read or Write, up to Len bytes.
type Request struct {
	Status byte  // of SAM-5: 0 is good, 2 means that Sense tells more
	Sense  Sense // why it failed
	In     bool  // data flows to the guest
	Len    int64 // bytes of data

	data   []byte      // answer of a command without medium
	medium io.ReaderAt // read from, at off on
	sink   io.WriterAt // written to, at off on
	off    int64
	done   int64
}

// reply makes a request that answers b, cut to the room the guest gave.
func reply(b []byte, room int) *Request {
	b = b[:min(len(b), max(room, 0))]
	return &Request{In: true, Len: int64(len(b)), data: b}
}

// Left returns how many bytes of data were not moved yet.
func (r *Request) Left() int64 { return r.Len - r.done }

// Read moves data of an In request to p; what the backend cannot read is
// zeros.
func (r *Request) Read(p []byte) int {
	n := int(min(int64(len(p)), r.Left()))
	if !r.In || n <= 0 {
		return 0
	}
	if r.medium == nil {
		n = copy(p[:n], r.data[min(r.done, int64(len(r.data))):])
	} else {
		got, _ := r.medium.ReadAt(p[:n], r.off+r.done)
		clear(p[max(got, 0):n])
	}
	r.done += int64(n)
	return n
}

// Write takes the data of a request that is not In.
func (r *Request) Write(p []byte) int {
	n := int(min(int64(len(p)), r.Left()))
	if r.In || n <= 0 {
		return 0
	}
	if r.sink != nil {
		if _, err := r.sink.WriteAt(p[:n], r.off+r.done); err != nil {
			r.Status, r.Sense = checkCondition, writeError
		}
	}
	r.done += int64(n)
	return n
}
