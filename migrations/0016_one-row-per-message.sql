-- Edited after drizzle-kit generated it: WITHOUT ROWID, which it cannot express, and the buckets of the messages, which are
-- those of src/database/messages/buckets.ts. Messages of other databases have their buckets there: the conversations
-- whose newest message is one of them do not know its bucket until the next one.
ALTER TABLE `conversations` ADD `archived_bucket` integer;--> statement-breakpoint
CREATE TABLE `__new_messages` (
	`bucket` integer NOT NULL,
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
	`sent_at` integer,
	PRIMARY KEY(`bucket`, `timestamp`, `conversation_id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_messages` (`bucket`, `timestamp`, `conversation_id`, `id`, `sender`, `content`, `binary`, `mention_all`, `mentions`, `receipt`, `patched_at`, `recalled`, `recipients`, `address`, `sent_at`)
SELECT (1 + coalesce((SELECT sum(unicode(substr(`sender`, key + 1, 1)) * value) FROM json_each('[48271,48388235,24654190,41008843,27846530,56512719,17449358,14670709,37113971,57503136,44360757,28628175,5010897,20681251,60389396,49025933,4008067,65670519,27558925,65065577,18757308,1288840,3683347,27475546,66809408,40714323,38149718,57946618,43954358,7128874,50756761,2277000,55864817,15300210,23443615,57159207,18452171,35969693,52650755,24995416,3549775,22271998,7694278,30067632,31370679,49751533,65730128,19264027,33497013,13465777,57222152,36971611,30747194,18275930,51465475,54201263,43189299,53947194,59945797,43784625,1228029,21065362,12657534,32771378]')), 0) % 67108858)
  * (1 + (`timestamp` >> 29) * 48271 % 67108858) % 67108859 % 512, `timestamp`, `conversation_id`, `id`, `sender`, `content`, `binary`, `mention_all`, `mentions`, `receipt`, `patched_at`, `recalled`, `recipients`, `address`, `sent_at` FROM `messages`;--> statement-breakpoint
UPDATE `conversations` SET `archived_bucket` = (SELECT (1 + coalesce((SELECT sum(unicode(substr(`sender`, key + 1, 1)) * value) FROM json_each('[48271,48388235,24654190,41008843,27846530,56512719,17449358,14670709,37113971,57503136,44360757,28628175,5010897,20681251,60389396,49025933,4008067,65670519,27558925,65065577,18757308,1288840,3683347,27475546,66809408,40714323,38149718,57946618,43954358,7128874,50756761,2277000,55864817,15300210,23443615,57159207,18452171,35969693,52650755,24995416,3549775,22271998,7694278,30067632,31370679,49751533,65730128,19264027,33497013,13465777,57222152,36971611,30747194,18275930,51465475,54201263,43189299,53947194,59945797,43784625,1228029,21065362,12657534,32771378]')), 0) % 67108858)
  * (1 + (`timestamp` >> 29) * 48271 % 67108858) % 67108859 % 512
  FROM `messages` WHERE `timestamp` = `archived_at` AND `conversation_id` = `conversations`.`id`);--> statement-breakpoint
DROP TABLE `messages`;--> statement-breakpoint
ALTER TABLE `__new_messages` RENAME TO `messages`;--> statement-breakpoint
CREATE INDEX `messages_by_time_sent` ON `messages` (`sent_at`,`id`) WHERE "messages"."sent_at" IS NOT NULL;
