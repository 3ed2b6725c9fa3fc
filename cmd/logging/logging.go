package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/sirupsen/logrus"
	logrusslog "github.com/sirupsen/logrus/hooks/slog"

	"github.com/qomd/qomd/config"
)

// New returns a logger as a configuration wants it, and what to close at the
// end, which may be nil. Text goes to terminals, JSON elsewhere, unless the
// configuration says which.
func New(c config.Log, stderr *os.File) (*slog.Logger, io.Closer, error) {
	l := logrus.New()
	out, closer := stderr, io.Closer(nil)
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, nil, fmt.Errorf("log: %w", err)
		}
		out, closer = f, f
	}
	l.SetOutput(out)
	level := logrus.InfoLevel
	if c.Level != "" {
		var err error
		if level, err = logrus.ParseLevel(c.Level); err != nil {
			return nil, nil, fmt.Errorf("log: %w", err)
		}
	}
	l.SetLevel(level)
	switch c.Format {
	case "", "auto":
		if !isTerminal(out) {
			l.SetFormatter(&logrus.JSONFormatter{})
		}
	case "json":
		l.SetFormatter(&logrus.JSONFormatter{})
	case "text":
	default:
		return nil, nil, fmt.Errorf("log: unknown format %q: want auto, text or json", c.Format)
	}
	return slog.New(Strict(logrusslog.NewHandler(l, nil))), closer, nil
}

func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
