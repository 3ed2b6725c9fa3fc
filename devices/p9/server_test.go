//go:build linux

package p9_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/p9"
	"github.com/qomd/qomd/qmp/qjson"
)

var le = binary.LittleEndian

// serve serves a folder with a file, a folder and two links.
func serve(t testing.TB, model string, readOnly bool) (*p9.Server, string) {
	t.Helper()
	dir := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "f"), []byte("hello"), 0o644),
		os.Mkdir(filepath.Join(dir, "dir"), 0o755),
		os.Symlink("/etc/passwd", filepath.Join(dir, "ln")), os.Symlink("dir", filepath.Join(dir, "dl")))
	if err != nil {
		t.Fatal(err)
	}
	export, err := fsdev.Parse("a", qjson.NewObject(
		qjson.Member{Name: "fsdriver", Value: "local"}, qjson.Member{Name: "path", Value: dir}, qjson.Member{Name: "security_model", Value: model}))
	if err != nil {
		t.Fatal(err)
	}
	fs, err := export.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := p9.New(fs, p9.Options{ReadOnly: readOnly, Xattrs: 1024, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { s.Close() })
	return s, dir
}

// What QEMU answered to a client is what is answered here, but for the numbers
// and times of files.
func TestRecorded(t *testing.T) {
	defer unix.Umask(unix.Umask(0o022))
	for _, c := range []struct {
		name, model string
		readOnly    bool
	}{{"plain", "none", false}, {"readonly", "none", true}, {"mapped", "mapped-xattr", false}} {
		t.Run(c.name, func(t *testing.T) {
			if c.model == "mapped-xattr" && unix.Setxattr(t.TempDir(), "user.x", []byte{1}, 0) != nil {
				t.Skip("no extended attributes here")
			}
			s, _ := serve(t, c.model, c.readOnly)
			f, err := os.Open(filepath.Join("testdata", c.name+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			lines := 0
			for sc := bufio.NewScanner(f); sc.Scan(); lines++ {
				var l struct {
					Send, Recv string
					Room       int
				}
				if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
					t.Fatal(err)
				}
				send, _ := hex.DecodeString(l.Send)
				want, _ := hex.DecodeString(l.Recv)
				got, err := s.Handle(send, l.Room)
				if (err != nil) != (len(want) == 0) || !bytes.Equal(blank(got), blank(want)) {
					t.Errorf("line %d, %q:\n got %x %v\nwant %x", lines+1, send, got, err, want)
				}
			}
			if lines < 90 {
				t.Errorf("%d lines", lines)
			}
		})
	}
}

// blank takes out of an answer what two folders differ in.
func blank(p []byte) []byte {
	if len(p) < 7 {
		return p
	}
	p = slices.Clone(p)
	qid := func(at int) { clear(p[at+1 : at+13]) }
	switch p[4] {
	case 9: // statfs
		clear(p[7:])
	case 13, 15, 17, 19, 73, 105: // lopen, lcreate, symlink, mknod, mkdir, attach
		qid(7)
	case 25: // getattr: owner, times; the size of a folder
		qid(15)
		clear(p[32:40])
		clear(p[64:])
		if p[15] == 0x80 {
			clear(p[40:])
		}
	case 41: // readdir
		return entries(p)
	case 111: // walk
		for at := 9; at < len(p); at += 13 {
			qid(at)
		}
	}
	return p
}

// entries are those of a folder, in an order of our own. A list that was cut off
// may have any of them.
func entries(p []byte) []byte {
	var list []string
	for at := 11; at < len(p); {
		n := 24 + int(le.Uint16(p[at+22:]))
		list = append(list, string(p[at:at+1])+string(p[at+21:at+n]))
		at += n
	}
	slices.Sort(list)
	if len(list) < 3 {
		list = nil
	}
	return []byte(strings.Join(list, ","))
}

// message puts a message together: numbers of their size, strings with length.
func message(kind byte, parts ...any) []byte {
	p := []byte{0, 0, 0, 0, kind, 1, 0}
	for _, part := range parts {
		if s, ok := part.(string); ok {
			p = append(le.AppendUint16(p, uint16(len(s))), s...)
			continue
		}
		p, _ = binary.Append(p, le, part)
	}
	le.PutUint32(p, uint32(len(p)))
	return p
}

func version() []byte { return message(100, uint32(8192), "9P2000.L") }
func attach() []byte {
	return message(104, uint32(1), uint32(1<<32-1), "u", "", uint32(1<<32-1))
}

// errno is the error in an answer, 0 for none.
func errno(p []byte) unix.Errno {
	if p[4] != 7 {
		return 0
	}
	return unix.Errno(le.Uint32(p[7:]))
}

// No path leads out of the export: neither through a link nor through what a
// link was put in place of meanwhile.
func TestConfined(t *testing.T) {
	s, dir := serve(t, "none", false)
	outside := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(outside, "x"), nil, 0o600), os.WriteFile(filepath.Join(dir, "dir", "x"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	say := func(p []byte) []byte {
		t.Helper()
		answer, err := s.Handle(p, 8192)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	say(version())
	say(attach())
	say(message(110, uint32(1), uint32(2), uint16(2), "dir", "x"))
	say(message(110, uint32(1), uint32(3), uint16(1), "dir"))
	if err := errors.Join(os.Rename(filepath.Join(dir, "dir"), filepath.Join(dir, "old")), os.Symlink(outside, filepath.Join(dir, "dir"))); err != nil {
		t.Fatal(err)
	}
	none := uint64(0)
	for _, c := range []struct {
		name string
		p    []byte
	}{
		{"open", message(12, uint32(2), uint32(2))},
		{"getattr", message(24, uint32(2), uint64(0x7ff))},
		{"chmod", message(26, uint32(2), uint32(1), uint32(0o777), uint32(0), uint32(0), none, none, none, none, none)},
		{"truncate", message(26, uint32(2), uint32(8), uint32(0), uint32(0), uint32(0), uint64(99), none, none, none, none)},
		{"create", message(14, uint32(3), "new", uint32(2), uint32(0o644), uint32(0))},
		{"mkdir", message(72, uint32(3), "new", uint32(0o755), uint32(0))},
		{"symlink", message(16, uint32(3), "new", "target", uint32(0))},
		{"link", message(70, uint32(3), uint32(1), "new")},
		{"unlink", message(76, uint32(3), "x", uint32(0))},
		{"rename", message(74, uint32(3), "x", uint32(1), "y")},
		{"xattr", message(30, uint32(2), uint32(9), "user.x")},
		{"list", message(12, uint32(3), uint32(0))},
		{"remove", message(122, uint32(2))},
	} {
		if e := errno(say(c.p)); e != unix.ENOTDIR && e != unix.ELOOP {
			t.Errorf("%s: %v", c.name, e)
		}
	}
	list, err := os.ReadDir(outside)
	st, e := os.Stat(filepath.Join(outside, "x"))
	if err != nil || e != nil || len(list) != 1 || st.Mode() != 0o600 || st.Size() != 0 {
		t.Errorf("outside: %v, %v", list, st)
	}
	// From the link itself a client gets nowhere.
	if p := say(message(110, uint32(1), uint32(5), uint16(2), "dir", "x")); le.Uint16(p[7:]) != 1 {
		t.Errorf("through a link: %x", p)
	}
	if p := say(message(110, uint32(1), uint32(6), uint16(3), "old", "..", "..")); p[4] != 111 || p[9+13+13] != 0x80 {
		t.Errorf("upwards: %x", p)
	}
}

// FuzzServer gives a server arbitrary messages: nothing panics, answers fit the
// room and say how long they are.
func FuzzServer(f *testing.F) {
	f.Add(slices.Concat(version(), attach(), message(110, uint32(1), uint32(2), uint16(1), "f"), message(12, uint32(2), uint32(2)),
		message(116, uint32(2), uint64(0), uint32(100)), message(118, uint32(2), uint64(3), uint32(2), uint16(7)),
		message(32, uint32(1), "user.x", uint64(1), uint32(0)), message(118, uint32(1), uint64(0), uint32(1), byte(7)),
		message(120, uint32(1))), 8192)
	f.Add(slices.Concat(version(), attach(), message(12, uint32(1), uint32(0)), message(40, uint32(1), uint64(0), uint32(4000))), 100)
	f.Fuzz(func(t *testing.T, stream []byte, room int) {
		s, _ := serve(t, "none", false)
		room = min(max(room, 7), 1<<20)
		for len(stream) >= 7 {
			n := min(max(int(le.Uint32(stream)), 7), len(stream))
			answer, err := s.Handle(stream[:n], room)
			if err == nil && (len(answer) > room || len(answer) != int(le.Uint32(answer))) {
				t.Fatalf("%x: answer of %d bytes in %d: %x", stream[:n], len(answer), room, answer)
			}
			stream = stream[n:]
		}
	})
}
