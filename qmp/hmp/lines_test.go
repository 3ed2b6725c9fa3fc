package hmp_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp/transcript"
)

// otherwise are lines that are answered otherwise than by QEMU, with the reason;
// "pc: x" is the line x on the machine pc. One that is answered as by QEMU is to
// be taken off the list.
var otherwise = map[string]string{
	"drive_add ignored format=help": "there are fewer drivers, and no others are listed",
	"info qdm":                      "catalogs know the buses and categories of devices that users can make, and of no others",
	"info usbhost":                  "QEMU has it from when something made it load all its modules",
	"pc: x /8i 0x100":               "there is no disassembler",
	"q35: x /8i 0x100":              "there is no disassembler",
}

// TestEveryLine sends the lines of QEMU's own test of its human monitor to a
// machine of each type, in order, and holds the answers against those of QEMU
// 11.1.3.
func TestEveryLine(t *testing.T) {
	list, err := transcript.LoadDir("testdata/lines")
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range list {
		t.Run(tr.Name, func(t *testing.T) {
			p := startMachine(t, tr)
			typ := strings.TrimPrefix(tr.Name, "hmp-lines-")
			for len(tr.Steps) > 0 {
				steps := tr.Steps[:1+untilSend(tr.Steps[1:])]
				tr.Steps = tr.Steps[len(steps):]
				line := commandLine(t, steps[0])
				reason, differs := otherwise[line]
				if !differs {
					reason, differs = otherwise[typ+": "+line]
				}
				switch err := p.Play(alone(tr, steps)); {
				case !differs && err != nil:
					t.Error(err)
				case differs && err == nil:
					t.Errorf("%q is answered as by QEMU now, although %s", line, reason)
				}
			}
		})
	}
}

// untilSend counts the steps before the next that sends something.
func untilSend(steps []transcript.Step) int {
	i := slices.IndexFunc(steps, func(s transcript.Step) bool { return s.Send != nil })
	if i < 0 {
		return len(steps)
	}
	return i
}

// commandLine returns the line that a step sends.
func commandLine(t *testing.T, s transcript.Step) string {
	t.Helper()
	var request struct {
		Arguments struct {
			Line string `json:"command-line"`
		} `json:"arguments"`
	}
	if err := json.Unmarshal([]byte(*s.Send), &request); err != nil {
		t.Fatal(err)
	}
	return request.Arguments.Line
}

// alone makes a session of some steps of a recording.
func alone(tr *transcript.Transcript, steps []transcript.Step) *transcript.Transcript {
	negotiate := "{\"execute\": \"qmp_capabilities\"}\n"
	begin := []transcript.Step{
		{Recv: json.RawMessage(`{"QMP": {}}`), Any: []string{"QMP.*?"}},
		{Send: &negotiate},
		{Recv: json.RawMessage(`{"return": {}}`)},
	}
	one := *tr
	one.Steps = append(begin, steps...)
	return &one
}
