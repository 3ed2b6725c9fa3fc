package chardev

// Null swallows what is written and never has anything to read.
type Null struct{}

// TypeName returns the QOM type.
func (Null) TypeName() string { return "chardev-null" }

// Filename describes the backend.
func (Null) Filename() string { return "null" }

// Write takes everything.
func (Null) Write(p []byte) (int, error) { return len(p), nil }

// Close has nothing to end.
func (Null) Close() error { return nil }

// Silent is a backend whose other end is a person or a part of QEMU that does
// not exist here: a virtual console without a window, a tablet nobody draws on. What
// is written is swallowed, and nothing ever comes.
type Silent struct {
	Null
	kind string
}

// TypeName returns the QOM type.
func (s Silent) TypeName() string { return "chardev-" + s.kind }

// Filename describes the backend.
func (s Silent) Filename() string { return s.kind }
