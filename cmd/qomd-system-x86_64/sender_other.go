//go:build !(linux && amd64)

package main

import "os"

// watchSenders and sender know nothing here.
func watchSenders([]os.Signal) {}

func sender() int { return 0 }
