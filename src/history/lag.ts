/**
 * How old (ms) what was said may be before D1 has it, while everything works: a conversation lets up to 8 s gather,
 * the calls that copy it take up to 2.5 s each, and from 10 s on it tells the app that it is behind. So D1 has
 * everything older than this, except of conversations that say otherwise.
 */
export const NORMAL_LAG = 15_000;
