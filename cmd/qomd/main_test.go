package main

import (
	"testing"

	"github.com/qomd/qomd/cmd/cmdtest"
)

func TestMain(m *testing.M) {
	cmdtest.Main(m, map[string]func(){"qomd": main})
}

func TestScripts(t *testing.T) { cmdtest.Run(t, "testdata") }
