CREATE TABLE `archive_progress` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`archived_at` integer NOT NULL,
	`archived_patch_at` integer NOT NULL
) WITHOUT ROWID;
