-- Edited after drizzle-kit generated it: WITHOUT ROWID, which it cannot express (see src/history/schema.ts).
CREATE TABLE `conversations` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`name` text,
	`creator` text NOT NULL,
	`members` text NOT NULL,
	`muted` text NOT NULL,
	`attributes` text NOT NULL,
	`columns` text NOT NULL,
	`is_unique` integer NOT NULL,
	`unique_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`last_message_at` integer,
	`time_to_live` integer,
	`archived_patch_at` integer
);
--> statement-breakpoint
CREATE INDEX `conversations_by_name` ON `conversations` (`name`) WHERE "conversations"."name" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `conversations_by_kind` ON `conversations` (`kind`) WHERE "conversations"."kind" <> 'normal';--> statement-breakpoint
CREATE TABLE `members` (
	`client_id` text NOT NULL,
	`conversation_id` text NOT NULL,
	PRIMARY KEY(`client_id`, `conversation_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `messages` (
	`conversation_id` text NOT NULL,
	`timestamp` integer NOT NULL,
	`id` text NOT NULL,
	`sender` text NOT NULL,
	`content` text,
	`binary` blob,
	`mention_all` integer NOT NULL,
	`mentions` text NOT NULL,
	`receipt` integer NOT NULL,
	`patched_at` integer,
	`recalled` integer NOT NULL,
	PRIMARY KEY(`conversation_id`, `timestamp`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
