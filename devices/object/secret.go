package object

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/qomd/qomd/qom"
)

// Secret is a password or key that other objects name by its id.
type Secret struct {
	qom.Object
	data []byte
}

// Data returns the secret itself, decoded and decrypted.
func (s *Secret) Data() []byte { return bytes.Clone(s.data) }

// SecretData returns the secret of the object with that id.
func SecretData(t *qom.Tree, id string) ([]byte, error) {
	s, err := secret(t, id)
	if err != nil {
		return nil, err
	}
	return s.Data(), nil
}

func secret(t *qom.Tree, id string) (*Secret, error) {
	o := Container(t).Child(id)
	if o == nil {
		return nil, fmt.Errorf("No secret with id '%s'", id)
	}
	s, ok := o.Self().(*Secret)
	if !ok {
		return nil, fmt.Errorf("Object with id '%s' is not a secret", id)
	}
	return s, nil
}

func registerSecret(t *qom.Types) {
	self := func(o *qom.Object) *Secret { return o.Self().(*Secret) }
	add(t, qom.TypeInfo{
		Name: "secret_common", Parent: "object", Abstract: true,
		New:      func() qom.Instance { return new(Secret) },
		Init:     initially("format", "raw"),
		Finalize: func(o *qom.Object) { clear(self(o).data) },
	})
	add(t, qom.TypeInfo{Name: "secret", Parent: "secret_common", ClassInit: with(Behavior{
		Complete: func(o *qom.Object) error { return self(o).load() },
	})})
	add(t, qom.TypeInfo{Name: "secret_keyring", Parent: "secret_common", ClassInit: with(Behavior{
		Required: []string{"serial"},
		// The kernel's key rings belong to processes; ours has none to offer.
		Complete: func(o *qom.Object) error {
			serial, _ := o.Stored("serial").(int64)
			if serial == 0 {
				return errors.New("'serial' should not be equal to 0")
			}
			return fmt.Errorf("Unable to read serial key %08x: Required key not available", uint32(serial))
		},
	})})
}

// load reads, decrypts and decodes the secret, in QEMU's order.
func (s *Secret) load() error {
	o := &s.Object
	file, data := o.StoredString("file"), o.StoredString("data")
	switch {
	case o.HasStored("file") && o.HasStored("data"):
		return errors.New("'file' and 'data' are mutually exclusive")
	case o.HasStored("file"):
		b, err := ReadFile(file)
		if err != nil {
			return fmt.Errorf("Unable to read %s: Failed to open file “%s”: %s", file, file, Strerror(err))
		}
		s.data = b
	case o.HasStored("data"):
		s.data = []byte(data)
	default:
		return errors.New("Either 'file' or 'data' must be provided")
	}
	if o.HasStored("keyid") { // the initialization vector means nothing without
		return s.decrypt(o.StoredString("keyid"))
	}
	if o.StoredString("format") == "base64" {
		var err error
		s.data, err = decodeBase64(s.data)
		return err
	}
	return nil
}

// readWait is how long a secret that is no regular file may take to come.
const readWait = 100 * time.Millisecond

// ReadFile is os.ReadFile that does not hang on a pipe which nobody fills: the
// machine's lock is held.
func ReadFile(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// Regular files have no deadlines and do not need one.
	if err := f.SetReadDeadline(time.Now().Add(readWait)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return nil, err
	}
	return io.ReadAll(f)
}

// decodeBase64 accepts line breaks and missing padding, as GLib's decoder does.
func decodeBase64(data []byte) ([]byte, error) {
	text := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, string(data))
	text = strings.TrimRight(text, "=")
	if len(text)%4 == 1 {
		text = text[:len(text)-1] // less than a byte
	}
	out, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("Base64 data contains invalid characters")
	}
	return out, nil
}
