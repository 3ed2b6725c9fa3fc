package logging

import (
	"fmt"
	"os"
)

// StrictEnv has a program end, with status 70, once it is about to send a reply or
// an event that does not fit the schema of its commands. All tests run programs
// like that.
const StrictEnv = "QOMDTEST_STRICT"

// Misfits returns what a program does about such a mistake: nothing, unless the
// environment asks for more.
func Misfits() func(error) {
	if os.Getenv(StrictEnv) == "" {
		return nil
	}
	return func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
}
