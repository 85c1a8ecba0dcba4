CREATE TABLE `early_subscriptions` (
	`client_id` text NOT NULL,
	`conversation_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`client_id`, `conversation_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `system_messages` (
	`id` text PRIMARY KEY NOT NULL,
	`conversation_id` text NOT NULL,
	`message_id` text NOT NULL,
	`sender` text NOT NULL,
	`address` text,
	`data` text NOT NULL,
	`binary` integer NOT NULL,
	`timestamp` integer NOT NULL,
	`acknowledged_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `system_messages_by_conversation` ON `system_messages` (`conversation_id`,`message_id`);