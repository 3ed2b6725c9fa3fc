package config

// Config is everything one daemon serves.
type Config struct {
	// Machines are the machines to build, in the order they were written,
	// entries with a count already expanded.
	Machines []Machine
	// Log says what is logged, and how.
	Log Log
}

// Log is how the daemon logs.
type Log struct {
	// Level is the least severe level that is logged: "debug", "info", "warn"
	// or "error". Empty means "info".
	Level string
	// Format is "text", "json" or "auto": text when standard error is a
	// terminal and JSON otherwise. Empty means "auto".
	Format string
	// File is where the log goes; empty means standard error.
	File string
}
