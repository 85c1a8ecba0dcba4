CREATE TABLE `holds` (
	`conversation_id` text PRIMARY KEY NOT NULL,
	`since` integer NOT NULL,
	`reason` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `conversations` ADD `cleared_to` integer;