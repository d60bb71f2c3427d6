package codec

// What the tests look at from outside, because the fixtures of storetest know
// this package.
const (
	Version = version
	MaxJSON = maxJSON
)

var (
	ErrDamaged = errDamaged
	Unframe    = unframe
)

// DecodePayload is decode.
func (c *Codec) DecodePayload(payload []byte) (*Entry, error) { return c.decode(payload) }

// Compress makes the payload of an entry of any JSON.
func (c *Codec) Compress(schema byte, raw []byte) []byte {
	return c.enc.EncodeAll(raw, []byte{schema})
}
