package qtest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qom"
)

// command is one word of the protocol: how many arguments it needs, and what it
// does with them.
type command struct {
	args int
	run  func(s *Server, a []string) (string, error)
}

// commands are the words of the protocol.
var commands = map[string]command{
	"endianness": {0, func(*Server, []string) (string, error) { return "OK little", nil }},

	"outb": {2, out(1)}, "outw": {2, out(2)}, "outl": {2, out(4)},
	"inb": {1, in(1)}, "inw": {1, in(2)}, "inl": {1, in(4)},

	"writeb": {2, write(1)}, "writew": {2, write(2)}, "writel": {2, write(4)}, "writeq": {2, write(8)},
	"readb": {1, read(1)}, "readw": {1, read(2)}, "readl": {1, read(4)}, "readq": {1, read(8)},

	"read":     {2, (*Server).readBytes},
	"write":    {3, (*Server).writeBytes},
	"memset":   {3, (*Server).fill},
	"b64read":  {2, (*Server).readBase64},
	"b64write": {3, (*Server).writeBase64},

	"clock_step": {0, (*Server).clockStep},
	"clock_set":  {1, (*Server).clockSet},

	"irq_intercept_in":  {1, (*Server).interceptIn},
	"irq_intercept_out": {1, (*Server).interceptOut},
	"set_irq_in":        {4, (*Server).setIRQIn},

	// There are no modules to load, as in a QEMU that was built without.
	"module_load": {2, func(*Server, []string) (string, error) { return "FAIL", nil }},
}

// run executes one line, under the machine's lock.
func (s *Server) run(words []string) string {
	c, ok := commands[words[0]]
	if !ok {
		return fmt.Sprintf("FAIL Unknown command '%s'", words[0])
	}
	if len(words)-1 < c.args {
		return fmt.Sprintf("FAIL '%s' needs %d arguments", words[0], c.args)
	}
	answer, err := c.run(s, words[1:])
	if err != nil {
		return "FAIL " + err.Error()
	}
	return answer
}

// number reads an argument.
func number(word string) (uint64, error) {
	n, err := qom.ParseUint(word)
	if err != nil {
		return 0, fmt.Errorf("'%s' is not a number", word)
	}
	return n, nil
}

// numbers reads the first n arguments.
func numbers(a []string, n int) ([]uint64, error) {
	list := make([]uint64, n)
	for i := range list {
		var err error
		if list[i], err = number(a[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func out(size int) func(*Server, []string) (string, error) {
	return func(s *Server, a []string) (string, error) {
		n, err := numbers(a, 2)
		if err != nil {
			return "", err
		}
		if n[0] > 0xffff {
			return "", fmt.Errorf("there is no port 0x%x", n[0])
		}
		s.m.IOSpace().WriteN(n[0], size, n[1])
		return "OK", nil
	}
}

// hexAnswer is an answer with a number of at least so many digits.
func hexAnswer(v uint64, digits int) string {
	buf := [len("OK 0x") + 16]byte{'O', 'K', ' ', '0', 'x'}
	n := max(digits, (bits.Len64(v)+3)/4)
	for i := range n {
		buf[len("OK 0x")+i] = "0123456789abcdef"[v>>(4*(n-1-i))&0xf]
	}
	return string(buf[:len("OK 0x")+n])
}

func in(size int) func(*Server, []string) (string, error) {
	return func(s *Server, a []string) (string, error) {
		port, err := number(a[0])
		if err != nil {
			return "", err
		}
		if port > 0xffff {
			return "", fmt.Errorf("there is no port 0x%x", port)
		}
		v, _ := s.m.IOSpace().ReadN(port, size)
		return hexAnswer(v, 4), nil
	}
}

func write(size int) func(*Server, []string) (string, error) {
	return func(s *Server, a []string) (string, error) {
		n, err := numbers(a, 2)
		if err != nil {
			return "", err
		}
		s.m.MemorySpace().WriteN(n[0], size, n[1])
		return "OK", nil
	}
}

func read(size int) func(*Server, []string) (string, error) {
	return func(s *Server, a []string) (string, error) {
		addr, err := number(a[0])
		if err != nil {
			return "", err
		}
		v, _ := s.m.MemorySpace().ReadN(addr, size)
		return hexAnswer(v, 16), nil
	}
}

// maxBytes is the most that one command reads, so that a typing error does not
// ask for all memory there is.
const maxBytes = 1 << 20

// span reads an address and a length.
func span(a []string) (addr uint64, size int, err error) {
	n, err := numbers(a, 2)
	if err != nil {
		return 0, 0, err
	}
	if n[1] > maxBytes {
		return 0, 0, fmt.Errorf("%d bytes are more than the %d one command can have", n[1], maxBytes)
	}
	return n[0], int(n[1]), nil
}

func (s *Server) load(a []string) ([]byte, error) {
	addr, size, err := span(a)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	s.m.MemorySpace().Read(addr, data)
	return data, nil
}

func (s *Server) readBytes(a []string) (string, error) {
	data, err := s.load(a)
	return "OK 0x" + hex.EncodeToString(data), err
}

func (s *Server) readBase64(a []string) (string, error) {
	data, err := s.load(a)
	return "OK " + base64.StdEncoding.EncodeToString(data), err
}

// store writes data, padded with zeros or cut to the length that was said.
func (s *Server) store(a []string, data []byte) (string, error) {
	addr, size, err := span(a)
	if err != nil {
		return "", err
	}
	buf := make([]byte, size)
	copy(buf, data)
	s.m.MemorySpace().Write(addr, buf)
	return "OK", nil
}

func (s *Server) writeBytes(a []string) (string, error) {
	digits, ok := strings.CutPrefix(a[2], "0x")
	data, err := hex.DecodeString(digits)
	if err != nil || !ok {
		return "", fmt.Errorf("'%s' is not 0x and pairs of hexadecimal digits", a[2])
	}
	return s.store(a, data)
}

func (s *Server) writeBase64(a []string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(a[2])
	if err != nil {
		return "", fmt.Errorf("b64write: %w", err)
	}
	return s.store(a, data)
}

func (s *Server) fill(a []string) (string, error) {
	pattern, err := number(a[2])
	if err != nil {
		return "", err
	}
	_, size, err := span(a)
	if err != nil {
		return "", err
	}
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(pattern)
	}
	return s.store(a, data)
}

// clockStep moves virtual time on, to the next timer unless it is told how far,
// in nanoseconds.
func (s *Server) clockStep(a []string) (string, error) {
	if len(a) == 0 {
		if !s.m.StepNext() {
			return "", errors.New("cannot advance clock to the next deadline because there is no pending deadline")
		}
	} else {
		ns, err := strconv.ParseInt(a[0], 0, 64)
		if err != nil || ns <= 0 {
			return "", errors.New("could not advance time")
		}
		s.m.Step(ns)
	}
	return fmt.Sprintf("OK %d", s.m.Now()), nil
}

// clockSet moves virtual time to an absolute value; it never goes back.
func (s *Server) clockSet(a []string) (string, error) {
	ns, err := strconv.ParseInt(a[0], 0, 64)
	if err != nil || ns < 0 {
		return "", fmt.Errorf("'%s' is not a time in nanoseconds", a[0])
	}
	if d := ns - s.m.Now(); d > 0 {
		s.m.Step(d)
	}
	return fmt.Sprintf("OK %d", s.m.Now()), nil
}
