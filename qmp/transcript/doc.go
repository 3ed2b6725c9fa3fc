// Package transcript plays recorded monitor sessions against a server and
// compares what it answers.
//
// A transcript is a file of JSON lines: a header, then one step per line. The
// steps are
//
//	send, send_b64, send_repeat   bytes to the server
//	recv, recv_text               what must arrive next (a message, plain text)
//	recv_streams                  several lists of messages that may interleave
//	quiet_ms, wait_ms             nothing may arrive; just wait
//	eof, open, close, half_close  connections
//	qtest_send, qtest_recv        lines of the qtest protocol
//	signal, exit                  the server's process
//
// "{dir}" and "{port}" in addresses and texts stand for a private folder and a
// free TCP port. A message is compared by value, apart from what the step lists
// under "any" (paths to ignore), "mask" (regular expressions), "unordered" (paths
// of arrays) and "sort_lines"; and byte for byte with the recorded text, which is
// "raw", or "recv" as it stands in the file when that is how QEMU wrote it.
package transcript
