package scsi

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Status codes, SAM-5 table 42.
const (
	good           = 0
	checkCondition = 2
)

// Ending is how a request ended, apart from its status.
type Ending uint8

// The endings.
const (
	Completed Ending = iota
	Aborted          // the guest gave it up, or the device left
	WasReset         // the device was reset meanwhile
)

// Request is a command under way. Its adapter moves the data, up to Len bytes,
// with Read or Write, in pieces of any size and one after the other, and then
// calls Finish. Each of them calls back once, under the machine's lock: at once,
// or when the drive has answered. Until then the request is an entry in the
// device's ledger.
type Request struct {
	Status byte   // of SAM-5: 0 is good, 2 means that Sense tells more
	Sense  Sense  // why it failed
	In     bool   // data flows to the guest
	Len    int64  // bytes of data
	Ending Ending // other than Completed: nothing of it is to show

	dev   *Device
	data  []byte    // answer of a command without medium
	disk  qdev.Disk // read from or written to, at off on; nil: data
	off   int64
	done  int64
	flush bool // what was written is to be made durable

	hold    qom.Hold
	waiting []func() // told when the drive has answered
}

// reply makes a request that answers b, cut to the room the guest gave.
func reply(b []byte, room int) *Request {
	b = b[:min(len(b), max(room, 0))]
	return &Request{In: true, Len: int64(len(b)), data: b}
}

// Failed returns a request without data that was aborted, in place of one that
// its adapter has given up.
func Failed() *Request {
	return &Request{Status: checkCondition, Sense: ioError, Ending: Aborted}
}

// Left returns how many bytes of data were not moved yet.
func (r *Request) Left() int64 { return r.Len - r.done }

// Read moves the next n bytes of data, or what is left of them, to the start of
// dst and tells how many it were. Fewer than there were left means that the
// request failed.
func (r *Request) Read(dst io.WriterAt, n int64, then func(moved int64)) {
	n = min(n, r.Left())
	switch {
	case !r.In || n <= 0:
		then(0)
	case r.disk == nil:
		at := min(r.done, int64(len(r.data)))
		dst.WriteAt(r.data[at:min(at+n, int64(len(r.data)))], 0)
		r.done += n
		then(n)
	default:
		r.io(func(done func(error)) { r.disk.ReadAt(dst, r.off+r.done, n, done) }, func() { then(r.moved(n)) })
	}
}

// Write takes the next n bytes of data, or what is left of them, from the start
// of src, and tells how many were written.
func (r *Request) Write(src io.ReaderAt, n int64, then func(moved int64)) {
	n = min(n, r.Left())
	if r.In || r.disk == nil || n <= 0 {
		then(0)
		return
	}
	r.io(func(done func(error)) { r.disk.WriteAt(src, r.off+r.done, n, done) }, func() { then(r.moved(n)) })
}

// Finish does what comes after the data; then Status and Sense are final.
func (r *Request) Finish(then func()) {
	if !r.flush || r.Status != good {
		then()
		return
	}
	r.flush = false
	r.io(r.disk.Flush, then)
}

// moved counts n bytes, unless the request failed.
func (r *Request) moved(n int64) int64 {
	if r.Status != good {
		return 0
	}
	r.done += n
	return n
}

// io has the drive do something. A device that has gone does not.
func (r *Request) io(start func(done func(error)), then func()) {
	d := r.dev
	if !d.Realized() {
		r.end(Aborted)
		then()
		return
	}
	d.requests++
	d.HoldInto(&r.hold, qom.HoldIO, fmt.Sprintf("%s %s, request %d", d.TypeName(), d.Label(), d.requests), 1)
	d.active = append(d.active, r)
	start(func(err error) {
		d.active = slices.DeleteFunc(d.active, func(o *Request) bool { return o == r })
		if err != nil && r.Status == good {
			r.Status, r.Sense = checkCondition, senseOf(err)
			d.sense = r.Sense
		}
		r.hold.Release() // the device may go here, before its adapter
		then()
		if r.hold.Held() {
			return // there was more to do
		}
		waiting := r.waiting
		r.waiting = nil
		for _, f := range waiting {
			f()
		}
	})
}

// end has the request fail; its adapter is told when the drive has answered.
func (r *Request) end(e Ending) {
	if r.Ending == Completed {
		r.Ending, r.Status, r.Sense = e, checkCondition, ioError
	}
}

// Abort gives the request up. then is told when the drive is done with it, and
// the adapter was told.
func (r *Request) Abort(then func()) {
	r.end(Aborted)
	r.afterwards(then)
}

// afterwards calls then once the drive is done with the request.
func (r *Request) afterwards(then func()) {
	if !r.hold.Held() {
		then()
		return
	}
	r.waiting = append(r.waiting, then)
}

// senseOf is how a guest learns of an error of the host, as QEMU has it.
func senseOf(err error) Sense {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return spaceMissing
	case errors.Is(err, syscall.ENOMEM):
		return targetFailure
	}
	return ioError
}
