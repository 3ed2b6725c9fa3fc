package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// programEnv makes the test binary be the program: tests start it as a process
// of its own, built with the same flags as the tests.
const programEnv = "QOMD_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		os.Args[0] = "qomd-system-x86_64"
		os.Exit(run(os.Args))
	}
	goleak.VerifyTestMain(m)
}
