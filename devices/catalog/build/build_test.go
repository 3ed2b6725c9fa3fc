package build_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
)

func TestRoundTrip(t *testing.T) {
	s := small(t)
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Open("small", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(c); err != nil {
		t.Error(err)
	}
	again, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, again) {
		t.Error("one source gave two files")
	}
}

// TestVerifyNoticesChanges guards the guard: every kind of difference must be
// found.
func TestVerifyNoticesChanges(t *testing.T) {
	data, err := small(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Open("small", data)
	if err != nil {
		t.Fatal(err)
	}
	kbd := func(s *build.Source) *build.Type {
		for i := range s.Types {
			if s.Types[i].Name == "usb-kbd" {
				return &s.Types[i]
			}
		}
		t.Fatal("no usb-kbd")
		return nil
	}
	for name, change := range map[string]func(s *build.Source){
		"version":   func(s *build.Source) { s.Version.Micro++ },
		"command":   func(s *build.Source) { s.Commands = s.Commands[1:] },
		"type":      func(s *build.Source) { s.Types = s.Types[1:] },
		"parent":    func(s *build.Source) { kbd(s).Parents = kbd(s).Parents[1:] },
		"default":   func(s *build.Source) { kbd(s).Properties[0].Default = "x" },
		"property":  func(s *build.Source) { kbd(s).Properties = kbd(s).Properties[1:] },
		"device":    func(s *build.Source) { kbd(s).Device = kbd(s).Device[1:] },
		"machine":   func(s *build.Source) { s.Machines[0].CPUMax++ },
		"compat":    func(s *build.Source) { s.Machines[1].CompatProps[0].Value += "0" },
		"schema":    func(s *build.Source) { s.Schema = json.RawMessage("[]") },
		"option":    func(s *build.Source) { s.Options[0].Argument = true },
		"human":     func(s *build.Source) { s.HMPCommands = nil },
		"slots":     func(s *build.Source) { s.CPUSlots[0].Machine = "x" },
		"observed":  func(s *build.Source) { s.Devices = map[string]catalog.DeviceFacts{"usb-kbd": {Bus: "usb-bus"}} },
		"interface": func(s *build.Source) { kbd(s).Interfaces = nil },
	} {
		s := small(t)
		change(s)
		if s.Verify(c) == nil {
			t.Errorf("%s: a change went unnoticed", name)
		}
	}
}

func TestBadSources(t *testing.T) {
	twice := small(t)
	twice.Types[0].Properties = []catalog.Property{{Name: "a", Type: "bool"}, {Name: "a", Type: "str"}}
	twice.Types[0].HasList = true
	orphan := small(t)
	orphan.Types[0].Parents = []string{"nobody"}
	for want, s := range map[string]*build.Source{"listed twice": twice, "parent nobody": orphan} {
		if _, err := s.Encode(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode: %v, want %q", err, want)
		}
	}
}

func TestValue(t *testing.T) {
	for in, want := range map[string]any{
		"true": true, "-1": int64(-1), "18446744073709551615": uint64(1<<64 - 1),
		"9223372036854775807": int64(1<<63 - 1), "1.5": 1.5, `"x"`: "x", "[]": []any{},
	} {
		got, err := build.Value(json.RawMessage(in))
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("Value(%s) = %#v, %v", in, got, err)
		}
	}
}
