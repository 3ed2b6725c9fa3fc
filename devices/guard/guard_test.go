package guard_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/guard"
)

func TestRun(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	wrong := errors.New("wrong")
	if err := guard.Run(log, "a test", func() error { return wrong }); err != wrong || text.Len() > 0 {
		t.Errorf("%v, and logged %s", err, text.String())
	}
	err := guard.Run(log, "a test", func() error { panic("it broke") })
	if err == nil || err.Error() != "internal error in a test: it broke" {
		t.Error(err)
	}
	for _, want := range []string{"level=ERROR", `in="a test"`, `panic="it broke"`, "guard_test.go"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %s in %s", want, text.String())
		}
	}
}

func TestUnread(t *testing.T) {
	for name, log := range map[string]*slog.Logger{"nil": nil, "discarded": slog.New(slog.DiscardHandler)} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if p := recover(); p != "it broke" {
					t.Errorf("recovered %v", p)
				}
			}()
			guard.Run(log, "a test", func() error { panic("it broke") })
			t.Error("the panic is gone")
		})
	}
}
