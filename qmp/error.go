package qmp

import (
	"errors"
	"fmt"
)

// Class is the class of an error as clients see it (QapiErrorClass).
type Class string

// The error classes of QMP. New code uses GenericError; the others are kept for
// clients that have always looked for them.
const (
	GenericError    Class = "GenericError"
	CommandNotFound Class = "CommandNotFound"
	DeviceNotActive Class = "DeviceNotActive"
	DeviceNotFound  Class = "DeviceNotFound"
	KVMMissingCap   Class = "KVMMissingCap"
)

// Error is the "error" member of a reply. Desc is text for people, yet part of
// the interface: clients match it.
type Error struct {
	Class Class  `json:"class"`
	Desc  string `json:"desc"`
}

// Errorf returns an *Error of the given class.
func Errorf(class Class, format string, args ...any) error {
	return &Error{class, fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Desc }

// Is reports whether target is an *Error of the same class and, unless target
// has none, the same text.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Class == e.Class && (t.Desc == "" || t.Desc == e.Desc)
}

// asError returns err as a client sees it: as it is if it is an *Error or wraps
// one, otherwise as a GenericError with its text.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	text := err.Error()
	if text == "" {
		// Some clients take an empty text for success.
		text = "unknown error"
	}
	return &Error{GenericError, text}
}

// worded is asError in the words of the version.
func (c *Config) worded(err error) *Error {
	e := asError(err)
	if c.Words == nil {
		return e
	}
	return &Error{e.Class, c.Words(e.Desc)}
}
