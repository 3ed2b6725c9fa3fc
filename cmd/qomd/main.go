// Command qomd serves QEMU's machine protocol for machines that need no
// virtual machine behind them.
package main

import (
	"os"

	"github.com/qomd/qomd/cmd/qomd/command"
)

func main() { os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr)) }
