package transcript

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Player plays transcripts. Only Dial is required.
type Player struct {
	// Dial connects to an address as it stands in the transcript, such as
	// "unix:{dir}/qmp.sock" or "tcp:127.0.0.1:{port}".
	Dial func(address string) (net.Conn, error)

	Fill    func(text string) string       // puts in values for {dir} and {port}
	Signal  func(name string) error        // sends the server a signal ("TERM")
	Exit    func() (status int, err error) // waits for the server to end
	Timeout time.Duration                  // for one message; zero means 10 s

	MaxQuiet  time.Duration // shorten silences to this; zero means as recorded
	SkipRaw   bool          // do not compare bytes
	SkipQuiet bool          // do not check silences
}

// Play plays t from its first step to its last. The error names the line; it is
// or wraps a *Mismatch when the server answered differently.
func (p *Player) Play(t *Transcript) error {
	g := &game{Player: *p, conns: make(map[string]*conn)}
	if g.Timeout == 0 {
		g.Timeout = 10 * time.Second
	}
	if g.Fill == nil {
		g.Fill = func(text string) string { return text }
	}
	defer func() {
		for _, c := range g.conns {
			c.Close()
		}
	}()
	if t.Main != "" {
		if err := g.open("main", t.Main); err != nil {
			return err
		}
	}
	if t.QTest {
		if err := g.open(qtestConn, "unix:{dir}/qtest.sock"); err != nil {
			return err
		}
	}
	for i := range t.Steps {
		if err := g.step(&t.Steps[i]); err != nil {
			return fmt.Errorf("line %d%s: %w", t.Steps[i].Line, lastSent(t.Steps[:i]), err)
		}
	}
	return nil
}

// qtestConn is a name no recorded connection has.
const qtestConn = "\x00qtest"

// game is one run of a transcript.
type game struct {
	Player
	conns map[string]*conn
}

func lastSent(steps []Step) string {
	for i := len(steps) - 1; i >= 0; i-- {
		for _, text := range []*string{steps[i].Send, steps[i].QTestSend, steps[i].SendRepeat} {
			if text != nil {
				return " (after " + shorten(strings.TrimSpace(*text)) + ")"
			}
		}
	}
	return ""
}

func (g *game) open(name, address string) error {
	c, err := g.Dial(address)
	if err != nil {
		return err
	}
	g.conns[name] = &conn{Conn: c, fresh: true}
	return nil
}

// conn returns an open connection.
func (g *game) conn(name string) (*conn, error) {
	if name == "" {
		name = "main"
	}
	if c := g.conns[name]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("no connection %q", name)
}

func (g *game) step(s *Step) error {
	switch {
	case s.Open != nil:
		err := g.open(*s.Open, s.To)
		if s.Refused {
			if err == nil {
				return mismatch("the connection should have been refused")
			}
			return nil
		}
		return err
	case s.QTestSend != nil:
		c, err := g.conn(qtestConn)
		if err != nil {
			return err
		}
		return g.send(c, []byte(*s.QTestSend+"\n"))
	case s.QTestRecv != nil:
		return g.qtestRecv(s)
	case s.Signal != nil:
		if g.Signal == nil {
			return errors.New("cannot send signals here")
		}
		return g.Signal(*s.Signal)
	case s.Exit != nil:
		return g.exit(*s.Exit)
	case s.WaitMS != nil:
		time.Sleep(time.Duration(*s.WaitMS) * time.Millisecond)
		return nil
	}
	name := s.Conn
	for _, n := range []*string{s.Close, s.HalfClose} {
		if n != nil {
			name = *n
		}
	}
	c, err := g.conn(name)
	if err != nil {
		return err
	}
	return g.connStep(s, c, name)
}

// connStep does a step on one connection.
func (g *game) connStep(s *Step, c *conn, name string) error {
	switch {
	case s.Send != nil:
		return g.send(c, []byte(g.Fill(*s.Send)))
	case s.SendBase64 != nil:
		data, err := base64.StdEncoding.DecodeString(*s.SendBase64)
		if err != nil {
			return err
		}
		return g.send(c, data)
	case s.SendRepeat != nil:
		return g.send(c, bytes.Repeat([]byte(*s.SendRepeat), s.Times))
	case s.Recv != nil:
		text, err := c.message(g.Timeout)
		if err != nil {
			return err
		}
		return g.compare(s, text)
	case s.RecvStreams != nil:
		return g.streams(s.RecvStreams, c)
	case s.RecvText != nil:
		return g.recvText(s, c)
	case s.QuietMS != nil:
		if g.SkipQuiet {
			return nil
		}
		d := time.Duration(*s.QuietMS) * time.Millisecond
		if g.MaxQuiet > 0 {
			d = min(d, g.MaxQuiet)
		}
		return c.quiet(d)
	case s.EOF:
		return c.end(g.Timeout)
	case s.Close != nil:
		delete(g.conns, name)
		return c.Close()
	case s.HalfClose != nil:
		half, ok := c.Conn.(interface{ CloseWrite() error })
		if !ok {
			return errors.New("cannot close one direction of this connection")
		}
		return half.CloseWrite()
	}
	return errors.New("unknown step")
}

func (g *game) send(c *conn, data []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(3 * g.Timeout)); err != nil {
		return err
	}
	_, err := c.Write(data)
	return err
}

// compare compares a message with a recv step: by value, then by bytes.
func (g *game) compare(s *Step, text []byte) error {
	r, err := newRules(s)
	if err != nil {
		return err
	}
	wantText := g.Fill(string(s.Recv))
	want, err := decode([]byte(wantText))
	if err != nil {
		return err
	}
	got, err := decode(text)
	if err != nil {
		return mismatch("expected %s, got what is not JSON: %q", shorten(wantText), shorten(string(text)))
	}
	if d := difference(want, got, r, nil); d != "" {
		return mismatch("%s", d)
	}
	message, _ := got.(map[string]any)
	if g.SkipRaw || len(s.Any)+len(s.Unordered) > 0 || s.SortLines || message["event"] != nil || message["QMP"] != nil {
		return nil
	}
	raw := wantText + "\r\n"
	if s.Raw != "" {
		raw = g.Fill(s.Raw)
	}
	if a, b := r.mask(raw), r.mask(string(text)); a != b {
		return mismatch("%s", textDifference("raw text", a, b))
	}
	return nil
}

// streams takes messages until every list has found its own, in order.
func (g *game) streams(lists [][]Step, c *conn) error {
	for {
		var heads []*[]Step
		for i := range lists {
			if len(lists[i]) > 0 {
				heads = append(heads, &lists[i])
			}
		}
		if len(heads) == 0 {
			return nil
		}
		text, err := c.message(g.Timeout)
		if err != nil {
			return err
		}
		var complaint error
		for _, h := range heads {
			if err = g.compare(&(*h)[0], text); err == nil {
				*h = (*h)[1:]
				break
			}
			// Complain about the candidate of the same kind.
			if complaint == nil || isEvent((*h)[0].Recv) == isEvent(text) {
				complaint = err
			}
		}
		if err != nil {
			return complaint
		}
	}
}

func isEvent(text []byte) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal(text, &m) == nil && m["event"] != nil
}

// recvText compares plain text. Where parts are masked its length is not known, so
// it is read until it fits.
func (g *game) recvText(s *Step, c *conn) error {
	r, err := newRules(s)
	if err != nil {
		return err
	}
	want := r.mask(g.Fill(*s.RecvText))
	exact := len(r.masks) == 0 && !r.sortLines
	deadline := time.Now().Add(g.Timeout)
	for {
		if n := len(want); exact && len(c.buf) >= n {
			got := string(c.buf[:n])
			c.buf = c.buf[n:]
			if got != want {
				return mismatch("%s", textDifference("text", want, got))
			}
			return nil
		}
		if !exact && r.mask(string(c.buf)) == want {
			c.buf = nil
			return nil
		}
		if err := c.fill(deadline); err != nil {
			return mismatch("%s", textDifference("text", want, r.mask(string(c.buf))))
		}
	}
}

func (g *game) qtestRecv(s *Step) error {
	c, err := g.conn(qtestConn)
	if err != nil {
		return err
	}
	got, err := c.line(g.Timeout)
	if err != nil {
		return err
	}
	r, err := newRules(s)
	if err != nil {
		return err
	}
	if r.mask(*s.QTestRecv) != r.mask(got) {
		return mismatch("qtest: expected %q, got %q", *s.QTestRecv, got)
	}
	return nil
}

func (g *game) exit(want int) error {
	if g.Exit == nil {
		return errors.New("cannot wait for the server here")
	}
	got, err := g.Exit()
	if err != nil {
		return err
	}
	if got != want {
		return mismatch("exit status: expected %d, got %d", want, got)
	}
	return nil
}
