// Package logging makes the logger of the commands: slog for the libraries,
// logrus behind it.
package logging
