package telegram

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// keyboard is the rows of buttons under a message. telebot's own buttons
// carry a second action that is not wanted.
type keyboard struct {
	Rows [][]button `json:"inline_keyboard"`
}

// button does one thing: it opens URL, or it sends Data to the bot.
type button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Data string `json:"callback_data,omitempty"`
}

// row adds a row, unless it is empty.
func (k *keyboard) row(buttons ...button) {
	if len(buttons) > 0 {
		k.Rows = append(k.Rows, buttons)
	}
}

// orNil is k, or nil when there is nothing on it.
func (k *keyboard) orNil() *keyboard {
	if len(k.Rows) == 0 {
		return nil
	}
	return k
}

// maxURL is the longest address that a button takes, in bytes.
const maxURL = 2048

// linkable tells whether Telegram takes the address behind a word: http or
// https, with a host that has a dot in it. Others it drops, or refuses the
// whole message for them.
func linkable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return false
	}
	host := u.Hostname()
	return strings.Contains(strings.Trim(host, "."), ".") || net.ParseIP(host) != nil
}

// public tells whether anybody else could open the address, so that it may
// stand on a button. Telegram refuses a message with a button for localhost.
func public(address string) bool {
	if !linkable(address) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	for _, end := range []string{".localhost", ".local", ".internal", ".lan", ".home.arpa"} {
		if strings.HasSuffix(host, end) {
			return false
		}
	}
	return true
}
