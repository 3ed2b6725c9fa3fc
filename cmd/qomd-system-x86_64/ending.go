package main

import (
	"fmt"
	"os"
	"strings"
)

// ending is what QEMU says when a signal ends it, with the process that sent it.
func ending(sig os.Signal) string {
	text := fmt.Sprintf("terminating on signal %d", sig)
	pid := sender()
	if pid == 0 {
		return text
	}
	name := "<unknown process>"
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		name, _, _ = strings.Cut(string(line), "\x00")
	}
	return fmt.Sprintf("%s from pid %d (%s)", text, pid, name)
}
