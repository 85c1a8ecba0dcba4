-- Edited after drizzle-kit generated it: WITHOUT ROWID, which it cannot express (see src/history/schema.ts), and
-- `archived_at` worked out while the old key still finds a conversation's newest message.
CREATE TABLE `bans` (
	`client_id` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `events` (
	`at` integer NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`client_id` text,
	`conversation_id` text,
	`message_id` text,
	`detail` text NOT NULL,
	PRIMARY KEY(`at`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_by_client` ON `events` (`client_id`,`at`,`id`) WHERE "events"."client_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `events_by_conversation` ON `events` (`conversation_id`,`at`,`id`) WHERE "events"."conversation_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `events_by_message` ON `events` (`message_id`,`at`,`id`) WHERE "events"."message_id" IS NOT NULL;--> statement-breakpoint
ALTER TABLE `conversations` ADD `archived_at` integer;--> statement-breakpoint
UPDATE `conversations` SET `archived_at` = (SELECT max(`timestamp`) FROM `messages` WHERE `conversation_id` = `conversations`.`id`);--> statement-breakpoint
CREATE TABLE `__new_messages` (
	`timestamp` integer NOT NULL,
	`conversation_id` text NOT NULL,
	`id` text NOT NULL,
	`sender` text NOT NULL,
	`content` text,
	`binary` blob,
	`mention_all` integer NOT NULL,
	`mentions` text NOT NULL,
	`receipt` integer NOT NULL,
	`patched_at` integer,
	`recalled` integer NOT NULL,
	`recipients` text,
	`address` text,
	PRIMARY KEY(`timestamp`, `conversation_id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_messages` (`timestamp`, `conversation_id`, `id`, `sender`, `content`, `binary`, `mention_all`, `mentions`, `receipt`, `patched_at`, `recalled`)
SELECT `timestamp`, `conversation_id`, `id`, `sender`, `content`, `binary`, `mention_all`, `mentions`, `receipt`, `patched_at`, `recalled` FROM `messages`;--> statement-breakpoint
DROP TABLE `messages`;--> statement-breakpoint
ALTER TABLE `__new_messages` RENAME TO `messages`;--> statement-breakpoint
CREATE INDEX `messages_by_sender` ON `messages` (`sender`,`timestamp`,`conversation_id`);
