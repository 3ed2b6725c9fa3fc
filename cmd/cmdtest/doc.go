// Package cmdtest tests commands from outside: it runs scripts
// (rogpeppe/go-internal/testscript) in which the test binary is the command.
//
// Besides the usual ones, scripts have these commands:
//
//	qmp SOCKET FILE   connects as soon as somebody listens, takes the greeting,
//	                  negotiates, and sends each line of FILE; what comes until
//	                  each reply is the command's output, without timestamps.
//	                  A line "wait N" takes N further messages, "eof" the end of
//	                  the connection, "term FILE" sends SIGTERM to the process
//	                  whose number is in FILE
//	await FILE        waits until the file exists, "gone FILE" until it does not
//	signal NAME       sends a signal (TERM, INT, HUP) to the background commands
//	signal NAME FILE  the same to the process whose number is in FILE
//
// and the condition [peer:PROGRAM], which is [exec:PROGRAM] but fails instead
// of being false when CI is set in the environment.
package cmdtest
