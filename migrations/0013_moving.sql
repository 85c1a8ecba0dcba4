CREATE TABLE `moving_runs` (
	`run` text PRIMARY KEY NOT NULL,
	`updated_at` integer NOT NULL,
	`report` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_passed` ON `events` (`at`) WHERE "name" = 'requestPassed';