package catalog

import "testing"

// Errors read as the version of the catalog has them; what no version had
// otherwise stays, and nothing is rewritten in part.
func TestWords(t *testing.T) {
	old, err := Load(QEMU72)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ now, then string }{
		{"machine does not provide NMIs", "this feature or command is not currently supported"},
		{"Failed to add chardev 'c': 'reconnect-ms' option is incompatible with socket in server listen mode",
			"Failed to add chardev 'c': 'reconnect' option is incompatible with socket in server listen mode"},
		{"the machine does not provide NMIs", "the machine does not provide NMIs"},
		{"Option max-cpu-throttle expects an integer in the range of cpu-throttle-initial to 99",
			"Parameter 'max_cpu_throttle' expects an integer in the range of cpu_throttle_initial to 99"},
		{"Invalid CPU [socket: 7, die: 0, module: 0, core: 0, thread: 0] with APIC ID 7, valid index range 0:0",
			"Invalid CPU [socket: 7, die: 0, core: 0, thread: 0] with APIC ID 7, valid index range 0:0"},
		{"Device 'x-y' not found", "Device 'x-y' not found"},
	} {
		if got := old.Words(tc.now); got != tc.then {
			t.Errorf("7.2 says %q, want %q", got, tc.then)
		}
		if got := Default().Words(tc.now); got != tc.now {
			t.Errorf("11.1 says %q of its own %q", got, tc.now)
		}
	}
}
