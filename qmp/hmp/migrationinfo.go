package hmp

// migrationTopics are the topics of "info" on migration.
func migrationTopics() []*command {
	return []*command{
		{names: "migrate_capabilities", help: "capabilities of migration", qmp: "query-migrate-capabilities",
			run: func(r *run) error {
				list, err := r.list("query-migrate-capabilities")
				if err != nil {
					return err
				}
				for _, c := range list {
					state := "off"
					if flag(c, "state") {
						state = "on"
					}
					r.printf("%s: %s\n", text(c, "capability"), state)
				}
				return nil
			}},
	}
}
