package p9

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/qomd/qomd/devices/object"
)

// Options say how a server is to be.
type Options struct {
	ReadOnly bool
	// Devices says what to do with files of another file system than the
	// root's: their inode numbers are none the client may rely on.
	Devices Devices
	// Fixed forbids clients to attach, for the machine must remain migratable.
	Fixed bool
	// Xattrs is how many extended attributes a client may have open, 0 for any
	// number.
	Xattrs uint32
	Log    *slog.Logger
}

// Server serves one client.
type Server struct {
	fs       FS
	opts     Options
	fids     map[uint32]*fid
	dotl     bool // 9P2000.L was agreed upon
	msize    uint32
	root     uint32 // the fid that was attached first
	attached bool   // ... and is still there
	devices  devices
	xattrs   uint32 // fids that stand for one
}

// New returns a server of a tree, which it closes at its end.
func New(fs FS, opts Options) *Server {
	return &Server{fs: fs, opts: opts, fids: map[uint32]*fid{}, msize: MaxMessage, devices: devices{policy: opts.Devices}}
}

// Attached reports whether the client has mounted the tree.
func (s *Server) Attached() bool { return s.attached }

// Reset forgets all fids, as a new client expects it.
func (s *Server) Reset() {
	for n := range s.fids {
		s.forget(n)
	}
	s.attached = false
}

// Close ends the server and lets its files go.
func (s *Server) Close() error {
	s.Reset()
	return s.fs.Close()
}

// errDecode says that a message ends too early.
var errDecode = errors.New("message too short")

// Request tells of a message what it is about to do: read or write that many
// bytes of a file; neither, if n is 0.
func Request(msg []byte) (write bool, n int64) {
	switch {
	case len(msg) < writeHeader:
	case msg[4] == tread:
		return false, int64(le.Uint32(msg[writeHeader-4:]))
	case msg[4] == twrite:
		return true, int64(le.Uint32(msg[writeHeader-4:]))
	}
	return false, 0
}

// Handle answers a message; the client has room for that many bytes. An error
// means that there is no answer: the client does not know the protocol. Its text
// is QEMU's.
func (s *Server) Handle(msg []byte, room int) ([]byte, error) {
	if len(msg) < header {
		return nil, fmt.Errorf("The guest sent a malformed VirtFS request: header size is %d, should be %d", len(msg), header)
	}
	kind, tag := msg[4], le.Uint16(msg[5:])
	r, w := &in{p: msg[header:]}, &out{p: make([]byte, header, 64)}
	var err error
	switch m, ok := messages[kind]; {
	case !ok:
		err = syscall.EOPNOTSUPP
	case s.opts.ReadOnly && !m.harmless:
		err = syscall.EROFS
	default:
		err = m.handle(s, r, w, room)
	}
	var size *sizeError
	switch {
	case errors.Is(err, errDecode):
		return nil, fmt.Errorf("Failed to decode VirtFS request type %d", kind)
	case errors.As(err, &size):
		return nil, err
	}
	answer := kind + 1
	if err != nil {
		w.p = w.p[:header]
		answer = s.refuse(w, err)
	}
	if len(w.p) > room {
		return nil, fmt.Errorf("Failed to encode VirtFS reply type %d", kind+1)
	}
	return w.message(answer, tag), nil
}

// sizeError refuses a message whose data, or those of its answer, have no room.
type sizeError struct {
	what     string
	kind     uint8
	need, is int
}

func (e *sizeError) Error() string {
	return fmt.Sprintf("VirtFS %s type %d needs %d bytes, buffer has %d", e.what, e.kind, e.need, e.is)
}

// refuse tells the client of an error, in words or by its number.
func (s *Server) refuse(w *out, err error) (kind uint8) {
	errno := syscall.EIO
	errors.As(err, &errno)
	if !s.dotl {
		w.str(object.Strerror(errno))
		w.u32(uint32(errno))
		return rerror
	}
	w.u32(uint32(errno))
	return rlerror
}

// message is what a type of messages asks for. handle reads all of it before it
// does anything.
type message struct {
	handle   func(s *Server, r *in, w *out, room int) error
	harmless bool // even where nothing may be written
}

var messages = map[uint8]message{
	tversion: {plain((*Server).version), true}, tauth: {nothing(syscall.EOPNOTSUPP), true}, tattach: {plain((*Server).attach), true},
	tflush: {plain((*Server).flush), true}, twalk: {plain((*Server).walk), true}, tclunk: {plain((*Server).clunk), true},
	tremove: {plain((*Server).remove), false},

	tlopen: {plain((*Server).lopen), true}, tlcreate: {plain((*Server).lcreate), false}, tread: {(*Server).read, true},
	twrite: {plain((*Server).write), false}, tfsync: {plain((*Server).fsync), true},
	tlock: {plain((*Server).lock), true}, tgetlock: {plain((*Server).getlock), true},

	treaddir: {(*Server).readdir, true}, tstatfs: {plain((*Server).statfs), true}, treadlink: {plain((*Server).readlink), true},
	tgetattr: {plain((*Server).getattr), true}, tsetattr: {plain((*Server).setattr), false},
	txattrwalk: {plain((*Server).xattrwalk), true}, txattrcreate: {plain((*Server).xattrcreate), false},

	tsymlink: {plain((*Server).symlink), false}, tmknod: {plain((*Server).mknod), false}, tmkdir: {plain((*Server).mkdir), false},
	tlink: {plain((*Server).link), false}, trename: {plain((*Server).rename), false},
	trenameat: {plain((*Server).renameat), false}, tunlinkat: {plain((*Server).unlinkat), false},
}

// plain is for messages whose answer does not depend on the room for it.
func plain(f func(s *Server, r *in, w *out) error) func(*Server, *in, *out, int) error {
	return func(s *Server, r *in, w *out, _ int) error { return f(s, r, w) }
}

func nothing(err error) func(*Server, *in, *out, int) error {
	return func(*Server, *in, *out, int) error { return err }
}

// version agrees on the protocol and the size of messages, and forgets whatever
// was before.
func (s *Server) version(r *in, w *out) error {
	size, name := r.u32(), r.str()
	if r.short {
		return errDecode
	}
	s.Reset()
	if s.dotl = name == "9P2000.L"; !s.dotl {
		name = "unknown"
	}
	if size < minMessage {
		s.opts.Log.Error(fmt.Sprintf("9pfs: Client requested msize < minimum msize (%d) supported by this server.", minMessage))
		return syscall.EMSGSIZE
	}
	s.msize = min(size, MaxMessage)
	w.u32(s.msize)
	w.str(name)
	return nil
}

// flush has nothing to do: whatever came before has been answered.
func (s *Server) flush(r *in, _ *out) error {
	if r.u16(); r.short {
		return errDecode
	}
	return nil
}
