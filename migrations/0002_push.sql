-- Edited after drizzle-kit generated it: WITHOUT ROWID, which it cannot express (see src/history/schema.ts).
CREATE TABLE `device_clients` (
	`device` text NOT NULL,
	`client_id` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`device`, `client_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `installation_channels` (
	`channel` text NOT NULL,
	`installation` text NOT NULL,
	PRIMARY KEY(`channel`, `installation`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `installations` (
	`id` text PRIMARY KEY NOT NULL,
	`device_type` text NOT NULL,
	`device_token` text,
	`installation_id` text,
	`registration_id` text,
	`vendor` text,
	`channels` text NOT NULL,
	`valid` integer NOT NULL,
	`badge` integer NOT NULL,
	`subscription` text,
	`fields` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `installations_by_token` ON `installations` (`device_token`) WHERE "installations"."device_token" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `installations_by_installation_id` ON `installations` (`installation_id`) WHERE "installations"."installation_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `installations_by_registration` ON `installations` (`registration_id`) WHERE "installations"."registration_id" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `notifications` (
	`id` text PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`data` text NOT NULL,
	`where` text,
	`environment` text NOT NULL,
	`push_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`devices` integer NOT NULL,
	`successes` integer NOT NULL,
	`providers` text NOT NULL,
	`invalid_tokens` integer NOT NULL,
	`errors` integer NOT NULL,
	`last_error` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `notifications_by_time` ON `notifications` (`created_at`);