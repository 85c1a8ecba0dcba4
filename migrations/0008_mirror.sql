-- Edited after drizzle-kit generated it: WITHOUT ROWID, which it cannot express.
CREATE TABLE `mirror_progress` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`sent` integer NOT NULL,
	`received` integer NOT NULL,
	`left_out` integer NOT NULL,
	`left_out_why` text,
	`waiting` integer NOT NULL,
	`waiting_since` integer,
	`problem` text,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `mirror_progress_by_waiting` ON `mirror_progress` (`waiting_since`) WHERE "mirror_progress"."waiting_since" IS NOT NULL;