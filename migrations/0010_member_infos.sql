CREATE TABLE `member_infos` (
	`id` text PRIMARY KEY NOT NULL,
	`conversation_id` text NOT NULL,
	`client_id` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `member_infos_by_conversation` ON `member_infos` (`conversation_id`,`client_id`);