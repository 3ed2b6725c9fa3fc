package qtest

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Client plays the guest of a machine, qomd's or QEMU's, over a connection to its
// qtest socket. It does one thing at a time and is not safe for concurrent use.
type Client struct {
	conn net.Conn
	in   *bufio.Scanner
	irqs map[int]bool
	// OnIRQ is told of interrupt lines that change, while a method waits for an
	// answer; may be nil.
	OnIRQ func(line int, level bool)
}

// NewClient returns a client on a connection, which it owns from now on.
func NewClient(conn net.Conn) *Client {
	c := &Client{conn: conn, in: bufio.NewScanner(conn), irqs: map[int]bool{}}
	c.in.Buffer(nil, maxLine)
	return c
}

// Close hangs up.
func (c *Client) Close() error { return c.conn.Close() }

// Failed is an answer that is not OK.
type Failed struct{ Command, Answer string }

func (e *Failed) Error() string { return e.Command + ": " + e.Answer }

// Do runs a command and returns what follows OK in its answer. An error is a
// *[Failed] when the machine refused.
func (c *Client) Do(format string, args ...any) (string, error) {
	command := fmt.Sprintf(format, args...)
	if _, err := c.conn.Write([]byte(command + "\n")); err != nil {
		return "", err
	}
	for {
		line, err := c.line()
		switch {
		case err != nil:
			return "", err
		case c.interrupt(line):
		case line == "OK":
			return "", nil
		case strings.HasPrefix(line, "OK "):
			return line[3:], nil
		default:
			return "", &Failed{command, line}
		}
	}
}

func (c *Client) line() (string, error) {
	if !c.in.Scan() {
		if err := c.in.Err(); err != nil {
			return "", err
		}
		return "", net.ErrClosed
	}
	return c.in.Text(), nil
}

// interrupt reports whether a line tells of an interrupt line, and notes it.
func (c *Client) interrupt(line string) bool {
	words := strings.Fields(line)
	if len(words) != 3 || words[0] != "IRQ" {
		return false
	}
	n, err := strconv.Atoi(words[2])
	if err != nil {
		return false
	}
	c.irqs[n] = words[1] == "raise"
	if c.OnIRQ != nil {
		c.OnIRQ(n, c.irqs[n])
	}
	return true
}

// WaitIRQ waits until a line has a level.
func (c *Client) WaitIRQ(line int, level bool) error {
	for c.irqs[line] != level {
		text, err := c.line()
		if err != nil {
			return err
		}
		if !c.interrupt(text) {
			return fmt.Errorf("an answer came that nobody waited for: %s", text)
		}
	}
	return nil
}

// IRQ returns the level of an interrupt line as far as the client has heard.
func (c *Client) IRQ(line int) bool { return c.irqs[line] }

// suffix is the letter of an access of 1, 2, 4 or 8 bytes.
func suffix(size int) (string, error) {
	if s, ok := map[int]string{1: "b", 2: "w", 4: "l", 8: "q"}[size]; ok {
		return s, nil
	}
	return "", fmt.Errorf("no access has %d bytes", size)
}

// access runs one of the commands that end in a letter for the size.
func (c *Client) access(command string, size int, args ...uint64) (uint64, error) {
	s, err := suffix(size)
	if err != nil {
		return 0, err
	}
	line := command + s
	for _, a := range args {
		line += fmt.Sprintf(" 0x%x", a)
	}
	answer, err := c.Do("%s", line)
	if err != nil || answer == "" {
		return 0, err
	}
	return strconv.ParseUint(answer, 0, 64)
}

// In reads a port, 1, 2 or 4 bytes.
func (c *Client) In(port uint16, size int) (uint64, error) {
	return c.access("in", size, uint64(port))
}

// Out writes a port.
func (c *Client) Out(port uint16, size int, value uint64) error {
	_, err := c.access("out", size, uint64(port), value)
	return err
}

// Read reads memory, 1, 2, 4 or 8 bytes.
func (c *Client) Read(addr uint64, size int) (uint64, error) { return c.access("read", size, addr) }

// Write writes memory.
func (c *Client) Write(addr uint64, size int, value uint64) error {
	_, err := c.access("write", size, addr, value)
	return err
}

// Load reads a piece of memory.
func (c *Client) Load(addr uint64, size int) ([]byte, error) {
	answer, err := c.Do("b64read 0x%x 0x%x", addr, size)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(answer)
}

// Store writes a piece of memory.
func (c *Client) Store(addr uint64, data []byte) error {
	if len(data) == 0 {
		return errors.New("nothing to store")
	}
	_, err := c.Do("b64write 0x%x 0x%x %s", addr, len(data), base64.StdEncoding.EncodeToString(data))
	return err
}

// Step lets virtual time pass, to the next timer when d is 0, and returns what
// it is then.
func (c *Client) Step(d time.Duration) (time.Duration, error) {
	command := "clock_step"
	if d != 0 {
		command += fmt.Sprint(" ", d.Nanoseconds())
	}
	answer, err := c.Do("%s", command)
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(answer, 10, 64)
	return time.Duration(ns), err
}

// Intercept asks to be told of a device's inputs; "ioapic" finds those of PCs.
func (c *Client) Intercept(path string) error {
	_, err := c.Do("irq_intercept_in %s", path)
	return err
}
