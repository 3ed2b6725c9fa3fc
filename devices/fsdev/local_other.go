//go:build !linux

package fsdev

import "errors"

// Open refuses: folders are shared on Linux only.
func (e *Export) Open() (Folder, error) { return nil, e.openError(errors.ErrUnsupported) }
