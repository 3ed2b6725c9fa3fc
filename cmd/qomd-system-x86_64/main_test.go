package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if isProgram() {
		os.Exit(run(os.Args))
	}
	goleak.VerifyTestMain(m)
}
