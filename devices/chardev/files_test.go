package chardev_test

import (
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qom/qomtest"
)

// null opens a descriptor for somebody to take.
func null(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestDescriptorSets(t *testing.T) {
	before := qomtest.Descriptors(t)
	var s chardev.Files
	want := func(err error, text string) {
		t.Helper()
		if got := ""; err != nil {
			if got = err.Error(); got != text {
				t.Errorf("%q, want %q", got, text)
			}
		} else if text != "" {
			t.Errorf("no error, want %q", text)
		}
	}
	five, minus := int64(5), int64(-5)
	a, b, c := null(t), null(t), null(t)
	for _, add := range []struct {
		id   *int64
		fd   int
		want int64
	}{{nil, a, 0}, {&five, b, 5}, {nil, c, 1}} {
		n, err := s.Add(add.id, "", add.fd)
		want(err, "")
		if n != add.want {
			t.Errorf("set %d, want %d", n, add.want)
		}
	}
	_, err := s.Add(&minus, "", null(t))
	want(err, "Parameter 'fdset-id' expects a non-negative value")
	if diff := cmp.Diff([]chardev.FDSet{
		{ID: 5, FDs: []chardev.FDSetFile{{FD: b}}}, {ID: 1, FDs: []chardev.FDSetFile{{FD: c}}}, {ID: 0, FDs: []chardev.FDSetFile{{FD: a}}},
	}, s.Sets()); diff != "" {
		t.Error(diff)
	}
	f, err := s.Open(5, os.O_RDWR)
	want(err, "")
	f.Close()
	_, err = s.Open(5, os.O_WRONLY)
	want(err, syscall.EACCES.Error())
	gone := int64(99)
	want(s.Remove(7, nil), "File descriptor named 'fdset-id:7' not found")
	want(s.Remove(5, &gone), "File descriptor named 'fdset-id:5, fd:99' not found")
	want(s.Remove(5, nil), "")

	want(s.Name("1a", null(t)), "Parameter 'fdname' expects a name not starting with a digit")
	want(s.Name("a", null(t)), "")
	want(s.Name("a", null(t)), "")
	want(s.CloseNamed("a"), "")
	want(s.CloseNamed("a"), "File descriptor named 'a' not found")
	want(s.Name("b", null(t)), "")
	s.Close()
	if now := qomtest.Descriptors(t); now != before {
		t.Errorf("%d descriptors, %d before", now, before)
	}
}

// Descriptors come in the order they were sent; what nobody takes is closed
// with the connection.
func TestDescriptorsOverSocket(t *testing.T) {
	before := qomtest.Descriptors(t)
	ours, theirs, err := chardev.SocketPair()
	if err != nil {
		t.Fatal(err)
	}
	conn := func(f *os.File) net.Conn {
		defer f.Close()
		c, err := net.FileConn(f)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	client, server := conn(ours).(*net.UnixConn), chardev.NewConn(conn(theirs))
	fd := null(t)
	for range 20 {
		if _, _, err := client.WriteMsgUnix([]byte("x"), syscall.UnixRights(fd), nil); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 100)
	for got := 0; got < 20; {
		n, err := server.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	taken := 0
	for ; taken < 3; taken++ {
		got, ok := server.TakeDescriptor()
		if !ok {
			t.Fatal("no descriptor")
		}
		syscall.Close(got)
	}
	syscall.Close(fd)
	server.Close()
	client.Close()
	if now := qomtest.Descriptors(t); now != before {
		t.Errorf("%d descriptors, %d before", now, before)
	}
}

// A number names what the process was started with, which is all that is not
// closed on exec; and that only once.
func TestTakeByNumber(t *testing.T) {
	var s chardev.Files
	fd := null(t)
	name := strconv.Itoa(fd)
	if _, err := s.Take(name); err == nil {
		t.Errorf("%s is the process's own, and taken", name)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	f, err := s.Take(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := s.Take(name); err == nil {
		t.Errorf("%s is taken twice", name)
	}
	if _, err := s.Take("1"); err == nil {
		t.Error("standard output is taken")
	}
}
