// Command qomd-system-x86_64 takes the place of qemu-system-x86_64: the same
// options, the same sockets, the same process behaviour, and no virtual
// machine behind them.
package main

import "os"

func main() { os.Exit(run(os.Args)) }
