package vnc

import (
	"crypto/des"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"math/bits"
	"time"
)

// The security types, and the results of a handshake, RFC 6143, section 7.1.
const (
	securityNone     = 1
	securityVNC      = 2
	securityVeNCrypt = 19

	securityOK     = 0
	securityFailed = 1
)

// password is what clients have to know. The zero value lets nobody in.
type password struct {
	text    string
	set     bool
	expires time.Time // zero: never
}

// SetPassword replaces the password; the machine's lock is held. It reports
// whether the server asks for one. Only the first eight bytes count.
func (s *Server) SetPassword(text string) bool {
	if !s.opts.Password {
		return false
	}
	s.password.text, s.password.set = text, true
	return true
}

// ExpirePassword sets when the password ends to be good, the zero time for
// never. The machine's lock is held.
func (s *Server) ExpirePassword(at time.Time) { s.password.expires = at }

// expected is the password that is good now.
func (s *Server) expected() (text string, ok bool) {
	s.opts.Do(func() {
		p := &s.password
		text, ok = p.text, p.set && (p.expires.IsZero() || time.Now().Before(p.expires))
	})
	return text, ok
}

// challenge has the client prove that it knows the password: it encrypts 16
// random bytes with it, RFC 6143, section 7.2.2.
func (c *client) challenge(expected func() (string, bool)) error {
	var sent, got [2 * des.BlockSize]byte
	rand.Read(sent[:])
	if _, err := c.conn.Write(sent[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.r, got[:]); err != nil {
		return err
	}
	if text, ok := expected(); !ok || subtle.ConstantTimeCompare(got[:], respond(text, sent)) != 1 {
		return errAuthentication
	}
	return nil
}

// respond is what a client answers that knows the password. DES takes the bits
// of each byte of the key the other way round than the protocol has them.
func respond(text string, challenge [2 * des.BlockSize]byte) []byte {
	var key [des.BlockSize]byte
	for i := range min(len(text), len(key)) {
		key[i] = bits.Reverse8(text[i])
	}
	block, err := des.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right size
	}
	out := make([]byte, len(challenge))
	for i := 0; i < len(out); i += des.BlockSize {
		block.Encrypt(out[i:], challenge[i:])
	}
	return out
}
