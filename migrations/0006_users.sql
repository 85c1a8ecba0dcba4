CREATE TABLE `user_identities` (
	`platform` text NOT NULL,
	`uid` text NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`platform`, `uid`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `user_identities_by_user` ON `user_identities` (`user_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`email` text,
	`phone` text,
	`email_verified` integer,
	`phone_verified` integer,
	`password` text,
	`token_hash` text NOT NULL,
	`sealed_token` text NOT NULL,
	`auth_data` text NOT NULL,
	`acl` text,
	`fields` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_username` ON `users` (`username`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_email` ON `users` (`email`) WHERE "users"."email" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_phone` ON `users` (`phone`) WHERE "users"."phone" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_token` ON `users` (`token_hash`);