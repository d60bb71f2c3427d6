// Command unrollbot answers "unroll" in chats with the whole thread, and
// serves each thread as a page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"unrollbot/config"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = "dev"

const usage = `unrollbot unrolls threads from X, Bluesky and Mastodon.

usage:
  unrollbot [serve] [--demo]                  run the bot and the reader
  unrollbot unroll LINK [--format text|md|json|html|epub|pdf] [--demo]
                                              print one thread
  unrollbot chat [--demo]                     talk to the bot in this terminal
  unrollbot config                            print the settings in effect
  unrollbot doctor                            try settings, tokens, store and networks,
                                              and say what to do
  unrollbot export FILE, import FILE          move what is held from store to store
  unrollbot admin ...                         opt-outs, bans, purge: see admin --help
  unrollbot healthcheck                       ask a running bot whether it is well
  unrollbot version

--demo serves invented threads from this machine; nothing is asked of the
internet. Settings are environment variables, see README.md.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], system{os.Environ(), os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// system is what the program gets from the operating system.
type system struct {
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

// hintError is an error with a next step for whoever is at the terminal.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() + "\nhint: " + e.hint }
func (e *hintError) Unwrap() error { return e.err }

// usageError is a command line or a setting that is wrong: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run does what args ask and gives the exit code: 0 for done, 1 for failed, 2
// for a command line or settings that are wrong.
func run(ctx context.Context, args []string, sys system) int {
	if cfg, err := config.Load(sys.environ); err == nil { // else nothing is called that could repeat a secret
		sys.err = config.Redacted(sys.err, cfg)
	}
	err := dispatch(ctx, args, sys)
	var bad usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &bad):
		fmt.Fprintln(sys.err, "unrollbot:", err)
		return 2
	default:
		fmt.Fprintln(sys.err, "unrollbot:", err)
		return 1
	}
}

func dispatch(ctx context.Context, args []string, sys system) error {
	verb := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	if verb == "admin" {
		return administer(ctx, args, sys)
	}
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	demo, format := new(bool), new(string)
	switch verb {
	case "serve", "chat":
		flags.BoolVar(demo, "demo", false, "")
	case "unroll":
		flags.BoolVar(demo, "demo", false, "")
		flags.StringVar(format, "format", "text", "")
	}
	rest, err := parse(flags, args)
	if errors.Is(err, flag.ErrHelp) || verb == "help" {
		fmt.Fprint(sys.out, usage)
		return nil
	}
	if err != nil {
		return usageError{&hintError{err, "unrollbot --help lists the commands"}}
	}
	if want := map[string]int{"unroll": 1, "export": 1, "import": 1}[verb]; len(rest) != want {
		if verb == "unroll" && len(rest) == 0 {
			return usageError{&hintError{errors.New("unroll needs a link"), "unrollbot unroll https://bsky.app/profile/NAME/post/ID"}}
		}
		if len(rest) > want {
			return usageError{&hintError{fmt.Errorf("%s: %q is too much", verb, rest[want]), "unrollbot --help lists the commands"}}
		}
	}
	if (verb == "export" || verb == "import") && len(rest) == 0 {
		return usageError{&hintError{fmt.Errorf("%s needs a file", verb), "unrollbot " + verb + " backup.jsonl.gz"}}
	}
	switch verb {
	case "version":
		fmt.Fprintln(sys.out, "unrollbot", version)
		return nil
	case "serve", "unroll", "chat", "config", "healthcheck", "doctor", "export", "import":
	default:
		return usageError{&hintError{fmt.Errorf("no command %q", verb), "unrollbot --help lists the commands"}}
	}
	if verb == "doctor" { // it words the problems of settings itself
		return examine(ctx, sys)
	}
	cfg, err := config.Load(sys.environ)
	if err != nil {
		return usageError{fmt.Errorf("settings:\n%w", err)}
	}
	for _, name := range config.Unknown(sys.environ) {
		fmt.Fprintf(sys.err, "unrollbot: %s is no setting and is ignored: unrollbot config prints the names\n", name)
	}
	switch verb {
	case "unroll":
		return unrollOnce(ctx, cfg, sys, rest[0], *format, *demo)
	case "chat":
		return chat(ctx, cfg, sys, *demo)
	case "config":
		for name, value := range config.Settings(cfg) {
			fmt.Fprintf(sys.out, "%s=%s\n", name, value)
		}
		return nil
	case "healthcheck":
		return healthcheck(ctx, cfg)
	case "export":
		return exportTo(ctx, cfg, sys, rest[0])
	case "import":
		return importFrom(ctx, cfg, sys, rest[0])
	default:
		return serve(ctx, cfg, sys, *demo)
	}
}

// parse takes flags before, between and after the arguments.
func parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}
