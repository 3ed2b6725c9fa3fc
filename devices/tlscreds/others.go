package tlscreds

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/qomd/qomd/devices/object"
)

// checkAnonymous completes tls-creds-anon, which wants no files.
func (c *credentials) checkAnonymous() error {
	if !c.server() {
		return nil
	}
	return c.checkDH()
}

// checkPSK completes tls-creds-psk. A file has lines of USER:KEY.
func (c *credentials) checkPSK() error {
	user, file := c.text("username"), "keys.psk"
	if !c.HasStored("dir") {
		return errNoDir
	}
	path := c.path(file)
	if c.server() {
		if user != "" {
			return errors.New("username should not be set when endpoint=server")
		}
		if err := exists(path); err != nil {
			return inaccessible(path, err)
		}
		return c.checkDH()
	}
	if user == "" {
		user = "qemu"
	}
	if err := exists(path); err != nil {
		return inaccessible(path, err)
	}
	data, err := object.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte(user+":")) {
			return nil
		}
	}
	return fmt.Errorf("Username %s not found in PSK file %s", user, path)
}

// checkSuites completes tls-cipher-suites, which is for a guest's firmware.
func (c *credentials) checkSuites() error {
	if !c.HasStored("priority") {
		return errors.New("'priority' property is not set")
	}
	return nil
}

// checkDH looks at the parameters of Diffie-Hellman, which nothing here uses.
func (c *credentials) checkDH() error {
	if !c.HasStored("dir") {
		return nil
	}
	path := c.path("dh-params.pem")
	data, err := object.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return inaccessible(path, err)
	}
	if len(blocks(data, "DH PARAMETERS")) == 0 {
		return fmt.Errorf("Unable to load DH parameters from %s: Base64 unexpected header error.", path)
	}
	return nil
}
