package unroll

import "strings"

// form is how a host writes its links to posts.
type form int

const (
	formUnknown form = iota // any host: a fediverse server, or none of ours
	formX                   // …/status/{id}, …/thread/{id}: X and all who copy its posts
	formBluesky             // …/profile/{handle or DID}/post/{rkey}
	formWrapped             // ?url={link}, ?u={link}, ?uri={link}
	formClient              // /{server}/@{user}/{id}, #/{server}/s/{id}: fediverse clients
	formShort               // /{code}: known only after asking
	formForeign             // a service we do not read, whatever its paths look like
)

// hostForms lists the hosts whose links are not what their host says, each
// with its sub-domains: mirrors, unrollers, clients, short links, and services
// whose paths look like a fediverse server's. Hosts that are not listed are
// read by their paths alone. To add a mirror, add a line.
var hostForms = map[string]form{
	// X itself.
	"x.com":       formX,
	"twitter.com": formX,

	// Embed fixers of X. Prefixes such as d. g. t. and languages in front
	// need no line of their own.
	"fxtwitter.com": formX,
	"fixupx.com":    formX,
	"xfixup.com":    formX,
	"twittpr.com":   formX,
	"vxtwitter.com": formX,
	"fixvx.com":     formX,

	// Front ends of X. Every host called nitter.* is one, see formOf.
	"xcancel.com":     formX,
	"lightbrd.com":    formX,
	"twiiit.com":      formX,
	"nuku.trabun.org": formX,

	// Unrollers of X.
	"threadreaderapp.com": formX,
	"unrollnow.com":       formX,
	"pingthread.com":      formX,
	"twtext.com":          formX,
	"rattibha.com":        formX,
	"threader.app":        formX,

	// Bluesky: its own hosts, other clients, embed fixers, unrollers. Hosts
	// with Bluesky's own paths work without a line.
	"bsky.app":            formBluesky,
	"bsky.dev":            formBluesky,
	"bsky.social":         formBluesky,
	"deer.social":         formBluesky,
	"blacksky.community":  formBluesky,
	"fxbsky.app":          formBluesky,
	"vxbsky.app":          formBluesky,
	"cbsky.app":           formBluesky,
	"bskx.app":            formBluesky,
	"bskye.app":           formBluesky,
	"bskyx.app":           formBluesky,
	"bsyy.app":            formBluesky,
	"skywriter.blue":      formBluesky,
	"blue.mackuba.eu":     formBluesky,
	"embed.bsky.app":      formBluesky,
	"go.bsky.app":         formWrapped,
	"skyview.social":      formWrapped,
	"publish.twitter.com": formWrapped,
	"publish.x.com":       formWrapped,

	// Fediverse clients that name the server in the path.
	"elk.zone":      formClient,
	"phanpy.social": formClient,

	// Short links.
	"t.co":        formShort,
	"bit.ly":      formShort,
	"buff.ly":     formShort,
	"cutt.ly":     formShort,
	"dlvr.it":     formShort,
	"ift.tt":      formShort,
	"is.gd":       formShort,
	"j.mp":        formShort,
	"lnkd.in":     formShort,
	"ow.ly":       formShort,
	"rebrand.ly":  formShort,
	"shorturl.at": formShort,
	"t.ly":        formShort,
	"tiny.cc":     formShort,
	"tinyurl.com": formShort,
	"trib.al":     formShort,
	"v.gd":        formShort,

	// Not fediverse servers, though they have /@user/… or the like.
	"brunch.co.kr":     formForeign,
	"codepen.io":       formForeign,
	"dev.to":           formForeign,
	"esm.sh":           formForeign,
	"facebook.com":     formForeign,
	"github.com":       formForeign,
	"google.com":       formForeign,
	"hackmd.io":        formForeign,
	"hive.blog":        formForeign,
	"instagram.com":    formForeign,
	"jsr.io":           formForeign,
	"linkedin.com":     formForeign,
	"medium.com":       formForeign,
	"observablehq.com": formForeign,
	"odysee.com":       formForeign,
	"paragraph.xyz":    formForeign,
	"peakd.com":        formForeign,
	"reddit.com":       formForeign,
	"replit.com":       formForeign,
	"rumble.com":       formForeign,
	"steemit.com":      formForeign,
	"substack.com":     formForeign,
	"t.me":             formForeign,
	"telegram.me":      formForeign,
	"threads.com":      formForeign,
	"threads.net":      formForeign,
	"tiktok.com":       formForeign,
	"unpkg.com":        formForeign,
	"velog.io":         formForeign,
	"vk.com":           formForeign,
	"youtu.be":         formForeign,
	"youtube.com":      formForeign,
}

// formOf finds how host, lower-case and without a port, writes its links.
func formOf(host string) form {
	if strings.HasPrefix(host, "nitter.") {
		return formX
	}
	for name := host; name != ""; _, name, _ = strings.Cut(name, ".") {
		if f, ok := hostForms[name]; ok {
			return f
		}
	}
	return formUnknown
}
