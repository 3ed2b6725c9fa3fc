package command

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progressLine tells how long work goes: on a terminal in one line that is
// written over, elsewhere in a line now and then.
type progressLine struct {
	out      io.Writer
	terminal bool
	shown    bool
	last     time.Time // of a line that stays
}

// progressInterval is the time between lines that stay.
const progressInterval = 5 * time.Second

func newProgressLine(out io.Writer) *progressLine {
	p := &progressLine{out: out, last: time.Now()}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progressLine) show(text string) {
	switch {
	case p.terminal:
		fmt.Fprintf(p.out, "\r%-100s", text)
		p.shown = true
	case time.Since(p.last) >= progressInterval:
		fmt.Fprintln(p.out, text)
		p.last = time.Now()
	}
}

// say prints a line that stays, besides those about progress.
func (p *progressLine) say(text string) {
	p.end()
	fmt.Fprintln(p.out, text)
}

// end makes room for what comes after the work.
func (p *progressLine) end() {
	if p.shown {
		fmt.Fprintf(p.out, "\r%-100s\r", "")
	}
	p.shown, p.last = false, time.Now()
}
