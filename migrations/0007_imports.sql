ALTER TABLE `messages` ADD `sent_at` integer;--> statement-breakpoint
CREATE INDEX `messages_by_time_sent` ON `messages` (`sent_at`,`id`) WHERE "messages"."sent_at" IS NOT NULL;