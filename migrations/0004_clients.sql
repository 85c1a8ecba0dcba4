CREATE TABLE `clients` (
	`client_id` text PRIMARY KEY NOT NULL,
	`since` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `clients` SELECT DISTINCT `client_id`, 0 FROM `members`;
