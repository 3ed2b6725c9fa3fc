package chardev

// Null swallows what is written and never has anything to read.
type Null struct{}

// TypeName returns the QOM type.
func (Null) TypeName() string { return "chardev-null" }

// Filename describes the backend.
func (Null) Filename() string { return "null" }

// Close has nothing to end.
func (Null) Close() error { return nil }
