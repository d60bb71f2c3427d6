package bot

// Watching tells whether a message of these words, lower-case and without
// signs, wants a thread to be watched ([IntentWatch]), or no longer
// ([IntentUnwatch]); it is empty for any other. Besides the English words it knows those of the bot's languages that
// have a single natural one.
func Watching(words []string) Intent {
	var said []string
	for _, w := range words {
		switch w {
		case "please", "pls", "this", "thread":
		default:
			said = append(said, w)
		}
	}
	if len(said) != 1 {
		return ""
	}
	switch said[0] {
	case "watch", "beobachten", "seguir", "suivre", "acompanhar", "следить", "تابع", "ウォッチ":
		return IntentWatch
	case "unwatch":
		return IntentUnwatch
	default:
		return ""
	}
}
