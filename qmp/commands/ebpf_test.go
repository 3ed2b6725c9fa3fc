package commands_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/qomd/qomd/qmp/qmptest"
)

// What request-ebpf returns is an object that a loader understands.
func TestRequestEBPF(t *testing.T) {
	m := qmptest.Start(t, qmptest.None())
	var reply struct{ Object string }
	m.Client().Must("request-ebpf", qmptest.A{"id": "rss"}, &reply)
	object, err := base64.StdEncoding.DecodeString(reply.Object)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Programs) != 1 || len(s.Maps) != 3 {
		t.Errorf("programs %v, maps %v", s.Programs, s.Maps)
	}
}
