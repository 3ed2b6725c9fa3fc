package dump

// Error is why a file could not be written.
type Error struct {
	Stage string // what failed, in QEMU's words
	Err   error
}

func (e *Error) Error() string { return e.Stage + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }
