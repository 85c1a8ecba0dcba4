CREATE TABLE `files` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text,
	`name` text NOT NULL,
	`mime_type` text NOT NULL,
	`meta_data` text NOT NULL,
	`acl` text,
	`fields` text NOT NULL,
	`state` text NOT NULL,
	`token` text,
	`token_expires_at` integer,
	`object` text,
	`size` integer,
	`url` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `files_by_key` ON `files` (`key`) WHERE "files"."key" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `files_by_token` ON `files` (`token`) WHERE "files"."token" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `files_awaiting` ON `files` (`created_at`) WHERE "files"."state" = 'awaiting';--> statement-breakpoint
CREATE TABLE `unclaimed_objects` (
	`object` text PRIMARY KEY NOT NULL,
	`since` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `unclaimed_objects_by_time` ON `unclaimed_objects` (`since`);