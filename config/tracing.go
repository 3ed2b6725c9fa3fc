package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/trace"
)

// addTrace applies -trace.
func addTrace(b *builder, a argument) error {
	o, err := b.add("trace", a)
	if err != nil {
		return err
	}
	if o.text("events") != "" {
		return fmt.Errorf("lists of trace points in files are not supported")
	}
	if file := o.text("file"); file != "" {
		b.m.LogFile = file
	}
	if pattern := o.text("enable"); pattern != "" {
		b.traced(pattern, a.origin)
	}
	return nil
}

// addLogItems applies -d. Of what it can name there are only trace points.
func addLogItems(b *builder, a argument) error {
	for item := range strings.SplitSeq(a.value, ",") {
		if pattern, ok := strings.CutPrefix(item, "trace:"); ok {
			b.traced(pattern, Origin{})
		}
	}
	return nil
}

// traced turns trace points on. As in QEMU one that is not there is only warned
// of, and a pattern may fit nothing.
func (b *builder) traced(pattern string, origin Origin) {
	fits := func(p trace.Point) bool { return trace.Match(pattern, p) }
	if !trace.IsPattern(pattern) && !slices.ContainsFunc(trace.Points(b.catalog.Commands()), fits) {
		b.warn(origin, fmt.Sprintf("trace event '%s' does not exist", pattern))
		return
	}
	b.m.Trace = append(b.m.Trace, pattern)
}
