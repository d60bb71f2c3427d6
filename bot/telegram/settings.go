package telegram

import (
	"context"
	"slices"
	"strconv"
	"strings"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// settingPrefix begins the data of buttons that change settings:
// "s|FIELD|VALUE". They name what shall be, not what to change, so that a
// second press does no harm.
const settingPrefix = "s|"

// Fields, and the pages of the menu. They stand in messages: add some, never
// change one.
const (
	fieldPage     = "page" // shows the page of the field that is its value, or the first
	fieldView     = "view"
	fieldAuto     = "auto" // from how many posts on; 0 for never
	fieldLanguage = "lang" // empty: that of who asks
	fieldKeywords = "keys" // only ever reset
	fieldQuiet    = "quiet"
	fieldAlbums   = "albums"
	fieldTidy     = "tidy" // remove the question
	fieldAdmins   = "admins"
	fieldDone     = "done"
)

// commandSettings shows the settings of a chat to who may change them, or
// changes the keywords, which no button can.
func (a *Adapter) commandSettings(ctx context.Context, m *message, req *bot.Request) {
	to := place{Chat: m.Chat.ID, Topic: m.topic(), ReplyTo: m.ID, Last: m.ID}
	put := func(v view) {
		_, err := a.send(ctx, to, v, answerPatience)
		a.unlessGoneLog(err)
	}
	tell := func(id string) { put(a.sentence(ctx, bot.Reply{Text: a.say(req.Locale, id, nil)}, req.Locale)) }
	switch runs, err := a.admin(ctx, m.Chat.ID, senderID(m)); {
	case err != nil:
		a.log.Warn("telegram cannot tell who is an admin", "err", err)
		tell("settings_failed")
		return
	case !runs:
		tell("settings_not_yours")
		return
	}
	s, page := req.Settings, ""
	if what, words, _ := strings.Cut(req.Message.Text, " "); strings.EqualFold(what, "keywords") || strings.EqualFold(what, "keyword") {
		page = fieldKeywords
		if words = strings.TrimSpace(words); words != "" {
			var err error
			s, err = a.settings.Update(ctx, req.Chat, func(s *bot.Settings) { s.Keywords = splitWords(words) })
			if err != nil {
				tell(a.settingsTrouble(err))
				return
			}
		}
	}
	put(a.settingsView(ctx, s, req.Locale, &m.Chat, page))
}

func splitWords(list string) []string {
	var out []string
	for w := range strings.SplitSeq(list, ",") {
		if w = strings.TrimSpace(w); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// settingsTrouble is the id of the sentence for an error.
func (a *Adapter) settingsTrouble(err error) string {
	if unroll.KindOf(err) == unroll.KindTooLarge {
		return "settings_keywords"
	}
	a.log.Warn("settings cannot be changed", "err", err)
	return "settings_failed"
}

// pressSetting changes a setting, or turns to a page of the menu.
func (a *Adapter) pressSetting(ctx context.Context, c *callback, locale string) {
	p := &presser{spinner: &spinner{a: a, id: c.ID}, locale: locale}
	says := func(id string) { p.answer(ctx, a.say(locale, id, nil)) }
	m := c.Message
	field, value, ok := strings.Cut(strings.TrimPrefix(c.Data, settingPrefix), "|")
	if m == nil || !ok {
		says("button_expired")
		return
	}
	switch runs, err := a.admin(ctx, m.Chat.ID, c.From.ID); {
	case err != nil:
		_ = p.end(ctx, err) // told to who pressed it
		return
	case !runs:
		says("settings_not_yours")
		return
	}
	t := turn{chat: m.Chat.ID, patience: pressPatience}
	if field == fieldDone {
		_ = p.end(ctx, a.delete(ctx, t, m.ID)) // told to who pressed it
		return
	}
	change, known := settingChange(field, value)
	habit, ours := habitChange(field, value)
	if !known && !ours {
		says("button_expired")
		return
	}
	s, err := a.settings.Update(ctx, itoa(m.Chat.ID), change)
	if err == nil && ours {
		_, err = a.changeHabits(ctx, m.Chat.ID, habit)
	}
	if err != nil {
		says(a.settingsTrouble(err))
		return
	}
	page := ""
	switch field {
	case fieldPage, fieldKeywords:
		page = value
	case fieldLanguage:
		if locale = value; locale == "" {
			locale = c.From.LanguageCode
		}
	}
	v := a.settingsView(ctx, s, locale, &m.Chat, page)
	_ = p.end(ctx, a.edit(ctx, t, editMessage{ChatID: m.Chat.ID, MessageID: m.ID, view: v})) // told to who pressed it
}

// settingChange is what a button does to the settings. Its data may come from
// anybody, so that only sound values pass.
func settingChange(field, value string) (change func(*bot.Settings), ok bool) {
	flag := value == "1"
	switch field {
	case fieldPage:
		return nil, true
	case fieldView:
		v := bot.View(value)
		return func(s *bot.Settings) { s.View = v }, slices.Contains(views(), v)
	case fieldAuto:
		n, err := strconv.Atoi(value)
		return func(s *bot.Settings) { s.Auto, s.AutoPosts = n > 0, n }, err == nil && n >= 0 && n <= maxNumber
	case fieldLanguage:
		return func(s *bot.Settings) { s.Locale = value }, value == "" || isName(value)
	case fieldKeywords:
		return func(s *bot.Settings) { s.Keywords = nil }, true
	case fieldQuiet:
		return func(s *bot.Settings) { s.Quiet = flag }, true
	case fieldAdmins:
		return func(s *bot.Settings) { s.AdminsOnly = flag }, true
	default:
		return nil, false
	}
}

func views() []bot.View { return []bot.View{bot.ViewPages, bot.ViewWhole, bot.ViewFile, bot.ViewLink} }

// viewName is the id of a view's name.
func viewName(v bot.View) string {
	switch v {
	case bot.ViewWhole:
		return "view_all"
	case bot.ViewFile:
		return "view_file"
	case bot.ViewLink:
		return "view_link"
	case bot.ViewPages:
	}
	return "view_page"
}

// settingsMenu writes the menu of one chat.
type settingsMenu struct {
	a      *Adapter
	s      bot.Settings
	locale string
	keys   keyboard
}

// settingsView is a page of the menu; the empty one lists what can be set.
func (a *Adapter) settingsView(ctx context.Context, s bot.Settings, locale string, in *chat, page string) view {
	m := &settingsMenu{a: a, s: s, locale: locale}
	text := a.say(locale, "settings_chat", nil)
	switch page {
	case fieldView:
		text = a.say(locale, "settings_view", nil)
		for _, v := range views() {
			m.keys.row(m.choice(a.say(locale, viewName(v), nil), fieldView, string(v), s.View == v))
		}
	case fieldAuto:
		text = a.say(locale, "settings_auto", nil)
		for _, n := range []int{0, 2, bot.DefaultAutoPosts, 5, 10, 20} {
			m.keys.row(m.choice(m.auto(n), fieldAuto, strconv.Itoa(n), m.offers() == n))
		}
	case fieldLanguage:
		text = a.say(locale, "settings_language", nil)
		m.languages()
	case fieldKeywords:
		text = a.say(locale, "settings_keyword_how", map[string]any{"Keywords": m.keywords()})
		m.keys.row(m.choice(a.say(locale, "settings_default", nil), fieldKeywords, fieldKeywords, len(s.Keywords) == 0))
	default:
		h, err := a.habitsOf(ctx, in.ID)
		if err != nil {
			a.log.Warn("settings cannot be read", "err", err)
		}
		m.first(in, h)
	}
	if page != "" {
		m.keys.row(m.button("‹ "+a.say(locale, "button_back", nil), fieldPage, ""))
	}
	if s.Auto && a.blind(in) {
		text += "\n\n" + a.say(locale, "privacy", nil)
	}
	v := a.sentence(ctx, bot.Reply{Text: text}, locale)
	v.Markup = &m.keys
	return v
}

// blind tells whether privacy mode may keep messages of a group from the bot.
func (a *Adapter) blind(in *chat) bool {
	return (in.Type == tele.ChatGroup || in.Type == tele.ChatSuperGroup) && !a.me.Load().CanReadMessages
}

func (m *settingsMenu) first(in *chat, h habits) {
	line := func(id, value, field, set string) {
		m.keys.row(m.button(m.say(id)+": "+value, field, set))
	}
	yes := map[bool]string{true: m.say("yes"), false: m.say("no")}
	other := map[bool]string{true: "0", false: "1"}
	line("settings_view", m.say(viewName(m.s.View)), fieldPage, fieldView)
	line("settings_quiet", yes[m.s.Quiet], fieldQuiet, other[m.s.Quiet])
	line("settings_albums", yes[h.Albums], fieldAlbums, other[h.Albums])
	language := m.say("settings_asker")
	if m.s.Locale != "" {
		language = m.a.say(m.s.Locale, "language_name", nil)
	}
	line("settings_language", language, fieldPage, fieldLanguage)
	line("settings_keyword", m.keywords(), fieldPage, fieldKeywords)
	if in.Type != tele.ChatPrivate {
		who := map[bool]string{true: m.say("who_admins"), false: m.say("who_everybody")}
		line("settings_auto", m.auto(m.offers()), fieldPage, fieldAuto)
		line("settings_who", who[m.s.AdminsOnly], fieldAdmins, other[m.s.AdminsOnly])
		line("settings_tidy", yes[h.Tidy], fieldTidy, other[h.Tidy])
	}
	m.keys.row(m.button(m.say("button_done"), fieldDone, ""))
}

// languages offers those that the bot speaks, each by its own name.
func (m *settingsMenu) languages() {
	m.keys.row(m.choice(m.say("settings_asker"), fieldLanguage, "", m.s.Locale == ""))
	var row []button
	for _, lang := range append([]string{"en"}, m.a.cfg.Languages...) {
		row = append(row, m.choice(m.a.say(lang, "language_name", nil), fieldLanguage, lang, m.s.Locale == lang))
	}
	for two := range slices.Chunk(row, 2) {
		m.keys.row(two...)
	}
}

func (m *settingsMenu) say(id string) string { return m.a.say(m.locale, id, nil) }

func (m *settingsMenu) button(label, field, value string) button {
	return button{Text: label, Data: settingPrefix + field + "|" + value}
}

func (m *settingsMenu) choice(label, field, value string, chosen bool) button {
	if chosen {
		label = "✓ " + label
	}
	return m.button(label, field, value)
}

func (m *settingsMenu) keywords() string {
	if len(m.s.Keywords) == 0 {
		return m.say("settings_default")
	}
	return strings.Join(m.s.Keywords, ", ")
}

// offers is from how many posts on threads are offered, 0 for never.
func (m *settingsMenu) offers() int {
	if !m.s.Auto {
		return 0
	}
	return m.s.MinPosts()
}

func (m *settingsMenu) auto(n int) string {
	if n == 0 {
		return m.say("auto_off")
	}
	return m.a.say(m.locale, "auto_from", map[string]any{"PluralCount": n})
}

// moveSettings follows a group that has become a supergroup.
func (a *Adapter) moveSettings(ctx context.Context, from, to int64) {
	s, err := a.settings.Settings(ctx, itoa(from))
	if err == nil {
		err = a.settings.Change(ctx, itoa(to), s)
	}
	if err == nil {
		var h habits
		if h, err = a.habitsOf(ctx, from); err == nil && h != (habits{}) {
			_, err = a.changeHabits(ctx, to, func(new *habits) { *new = h })
		}
	}
	if err != nil {
		a.log.Warn("settings cannot follow a group to its new id", "err", err)
	}
}
