// Package job runs work that takes long and that monitors follow, pause,
// cancel and finish: QEMU's jobs, as qapi/job.json describes them.
//
// A [Job] is made by [Jobs.New] and started by [Job.Start]. Its [Spec.Run] is
// called on a goroutine of its own, without the machine's lock; it reports
// progress, and calls [Job.Point] often, where it is held while the job is
// paused and told when it is cancelled. When Run returns the job waits for the
// others of its [Txn], then prepares, commits or aborts, cleans up and
// concludes, all under the machine's lock.
//
//	created -> running <-> paused
//	           running  -> ready <-> standby
//	           running, ready -> waiting -> pending -> concluded -> null
//	           any of these   -> aborting -> concluded -> null
//
// Every change of the status is an event JOB_STATUS_CHANGE.
//
// # Concurrency
//
// Everything exported needs the machine's lock, except the methods that say
// they are for Run: those must be called from Run alone, and without it.
package job
