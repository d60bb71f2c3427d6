package telegram

import (
	"context"
	"sync/atomic"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// How long Telegram may give the same answer to the same query, in seconds.
// Left out it would be 300.
const (
	cacheThread = 60
	cacheError  = 5
	cacheHint   = 300
)

// answerInline are the parameters of an answer to an inline query.
type answerInline struct {
	QueryID  string        `json:"inline_query_id"`
	Results  []article     `json:"results"`
	Cache    int           `json:"cache_time"`
	Personal bool          `json:"is_personal"` // the labels are in one language
	Button   *inlineButton `json:"button,omitempty"`
}

// inlineButton stands above the results and leads to the private chat.
type inlineButton struct {
	Text  string `json:"text"`
	Start string `json:"start_parameter"`
}

// article is a result that becomes a message when it is chosen.
type article struct {
	Type        string    `json:"type"` // article
	ID          string    `json:"id"`   // 1 to 64 bytes
	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	Content     content   `json:"input_message_content"`
	Markup      *keyboard `json:"reply_markup,omitempty"`
}

// content is the message that an article becomes.
type content struct {
	Text     string       `json:"message_text,omitempty"`
	Entities []entity     `json:"entities,omitempty"`
	Preview  *preview     `json:"link_preview_options,omitempty"`
	Rich     *richMessage `json:"rich_message,omitempty"`
}

func (v view) article(id, title, description string) article {
	return article{
		Type: "article", ID: id, Title: title, Description: description,
		Content: content{Text: v.Text, Entities: v.Entities, Preview: v.Preview, Rich: v.Rich}, Markup: v.Markup,
	}
}

// takeInline takes a query from any chat: "@bot LINK", while it is typed.
func (a *Adapter) takeInline(ctx context.Context, id int64, q *inlineQuery) error {
	if q.From == nil {
		return nil
	}
	locale := q.From.LanguageCode
	if len(unroll.FindRefs(q.Query)) == 0 {
		return a.beside(ctx, func(ctx context.Context) {
			hint := a.say(locale, "inline_hint", nil)
			a.suggest(ctx, answerInline{
				QueryID: q.ID, Results: []article{}, Cache: cacheHint, Personal: true,
				Button: &inlineButton{Text: hint, Start: "help"},
			})
		})
	}
	return a.dispatch.Dispatch(ctx, bot.Request{
		ID: itoa(id), Platform: Name, Chat: "inline:" + itoa(q.From.ID), User: itoa(q.From.ID), Locale: locale,
		Private: true, // a link alone asks for its thread
		Message: bot.Message{Text: q.Query},
	}, &suggester{a: a, query: q, locale: locale})
}

func (a *Adapter) suggest(ctx context.Context, p answerInline) {
	a.suggested(a.call(ctx, turn{}, "answerInlineQuery", p, nil))
}

func (a *Adapter) suggested(err error) {
	if err != nil && !refused(err).says("query is too old") {
		a.log.Info("inline query cannot be answered", "err", err)
	}
}

// suggester answers an inline query: with the whole text, and with the title
// and the link.
type suggester struct {
	a        *Adapter
	query    *inlineQuery
	locale   string
	answered atomic.Bool
}

var _ bot.Responder = (*suggester)(nil)

// Working does nothing: a query can be answered once.
func (r *suggester) Working(context.Context) error { return nil }

// Send answers with the first link's thread; a query has one answer.
func (r *suggester) Send(ctx context.Context, reply bot.Reply) error {
	if r.answered.Swap(true) {
		return nil
	}
	if reply.Thread == nil {
		// Whoever chooses this sends what they typed.
		v := view{richText: richText{Text: cutUnits(r.query.Query, maxText)}}
		r.a.suggest(ctx, answerInline{
			QueryID: r.query.ID, Personal: true, Cache: cacheError, Results: []article{v.article("error", reply.Text, "")},
		})
		return nil
	}
	for v := r.a.view(ctx, reply, r.audience()); ; {
		p := answerInline{QueryID: r.query.ID, Personal: true, Cache: cacheThread, Results: r.results(reply, v)}
		err := r.a.call(ctx, turn{}, "answerInlineQuery", p, nil)
		if v.less == nil || !misformed(err) {
			r.a.suggested(err)
			return nil
		}
		v = v.less(err)
	}
}

// audience is whoever is in the chat where the suggestion is chosen.
func (r *suggester) audience() audience { return audience{locale: r.locale, inline: true, crowd: true} }

func (r *suggester) results(reply bot.Reply, v view) []article {
	t := reply.Thread
	key := keyOf(t.Ref.Path())
	all := []article{v.article("text-"+key, r.a.options(reply, r.audience()).Title(t), render.Summary(t, maxDescription))}
	if public(reply.PageURL) {
		all = append(all, r.a.linkView(reply, r.audience()).article("link-"+key, r.a.say(r.locale, "button_open", nil), reply.PageURL))
	}
	return all
}

// maxDescription is enough for what clients show, in graphemes.
const maxDescription = 120
