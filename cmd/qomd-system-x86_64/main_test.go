package main

import (
	"os"
	"testing"

	"github.com/qomd/qomd/cmd/cmdtest"
)

func TestMain(m *testing.M) {
	if isProgram() {
		os.Exit(run(os.Args))
	}
	cmdtest.Main(m, map[string]func(){"qomd-system-x86_64": main})
}

func TestScripts(t *testing.T) { cmdtest.Run(t, "testdata/scripts") }
