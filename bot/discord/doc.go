// Package discord connects the bot to Discord.
//
// Commands, menu commands and buttons come as interactions, over the gateway
// or over signed HTTP ([Adapter.Interactions]); they are acknowledged at once
// and then queued. Messages count when they reply to one, mention the bot, or
// come directly. Answers are made of components ("Components V2") and change
// in place when a button is pressed; what a button means stands in its custom
// id, so that it works for as long as the message is there.
//
// discordgo is the library, and what version 0.29.0 gets wrong is kept inside
// this package:
//
//   - transport.go is under its REST calls: the base address, limits, retries.
//   - wire.go is under its gateway connection: reconnects, silence, close
//     codes; gateway.go connects again in its stead.
//   - takeover.go has it resume a session that another process began.
//   - event.go decodes events from the raw messages, since its own types fail
//     on components that they do not know.
//   - reply.go and message.go write edits with flags, which it lacks.
//
// REST calls go to version 10 of the API. discordgo opens the gateway with
// version 9, which it has in a package variable that is not ours to change;
// the events used here are the same in both (Discord, "API Versioning",
// November 2026).
package discord
