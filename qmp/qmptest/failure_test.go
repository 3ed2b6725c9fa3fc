package qmptest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// failEnv makes TestThatFails fail, in a process of its own.
const failEnv = "QMPTEST_FAIL"

// TestThatFails is run by TestTranscriptIsPrinted.
func TestThatFails(t *testing.T) {
	if os.Getenv(failEnv) == "" {
		t.Skip("fails on purpose, when TestTranscriptIsPrinted runs it")
	}
	m, c := q35(t)
	addXHCI(m, c)
	release := m.Hold("/machine/peripheral/x0")
	c.Must("device_del", x0)
	m.Acknowledge()
	m.Step(time.Second)
	release()
	c.Await("DEVICE_DELETED")
	other := qmptest.NewClient(t, m.Dial())
	if text := other.MustFail("device_del", x0); text != "" {
		t.Error("nobody told me:", text)
	}
}

// The conversation of a test that fails is printed, line by line.
func TestTranscriptIsPrinted(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run=^TestThatFails$")
	cmd.Env = append(os.Environ(), failEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("TestThatFails passed")
	}
	if !bytes.Contains(out, []byte(`.. level=INFO msg="device removed" id=x0 `)) {
		t.Errorf("what the machine logged is missing:\n%s", out)
	}
	rest := out
	for _, want := range []string{
		`nobody told me: Device 'x0' not found`,
		`qmptest: conversation:`,
		`<- \{"QMP": `,
		`-> \{"execute": "qmp_capabilities"\}`,
		`<- \{"return": \{\}\}`,
		`-> \{"execute": "device_add", "arguments": \{.*"id": "x0"`,
		`<- \{"return": \{\}\}`,
		`\.\. the guest reacts`,
		`\.\. /machine/peripheral/x0 is held`,
		`-> \{"execute": "device_del"`,
		`<- \{"return": \{\}\}`,
		`\.\. the guest reacts`,
		`\.\. 1s pass`,
		`\.\. /machine/peripheral/x0 is released`,
		`<- \{.*"event": "DEVICE_DELETED"`,
		`<-2 \{"QMP": `,
		`->2 \{"execute": "device_del"`,
		`<-2 \{"error": `,
	} {
		at := regexp.MustCompile(want).FindIndex(rest)
		if at == nil {
			t.Fatalf("%s is missing or in the wrong place of:\n%s", want, out)
		}
		rest = rest[at[1]:]
	}
}

// What does not fit the schema is found, whoever asked for it.
func TestSchemaIsHeld(t *testing.T) {
	t.Parallel()
	fake := runFake(t, func(t testing.TB) {
		m := qmptest.Start(t, qmptest.None())
		m.VM.Machine.Do(func() { m.VM.Machine.OnEvent("STOP", map[string]any{"why": "no reason"}) })
	})
	if !fake.failed {
		t.Error("an event with a member that the schema lacks went unnoticed")
	}
}
