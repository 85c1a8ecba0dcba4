CREATE TABLE `audit` (
	`at` integer NOT NULL,
	`id` text NOT NULL,
	`who` text NOT NULL,
	`address` text,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`before` text,
	`after` text,
	`status` integer,
	PRIMARY KEY(`at`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `audit_by_action` ON `audit` (`action`,`at`,`id`);