package job

// Info is one entry of query-jobs, QEMU's JobInfo.
type Info struct {
	Done   int64  `json:"current-progress"`
	Status Status `json:"status"`
	Total  int64  `json:"total-progress"`
	Type   string `json:"type"`
	ID     string `json:"id"`
	Error  string `json:"error,omitempty"`
}

// Query lists the jobs, the newest first.
func (s *Jobs) Query() []Info {
	list := []Info{}
	for _, j := range s.list {
		i := Info{Status: j.status, Type: j.spec.Type, ID: j.spec.ID}
		i.Done, i.Total = j.Progress()
		if j.err != nil {
			i.Error = j.err.Error()
		}
		list = append(list, i)
	}
	return list
}
