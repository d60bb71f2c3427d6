package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	_ "image/gif" // pictures that posts have
	_ "image/png"

	_ "golang.org/x/image/webp"

	xdraw "golang.org/x/image/draw"
)

// Image is a picture in the file.
type Image struct {
	Width, Height int // in pixels

	number int
	ref    ref
}

// Bounds of pictures. What is larger is refused, or made smaller.
const (
	pixelsMax = 12 << 20 // that are decoded: 48 MB, for a moment
	sideMax   = 1600     // pixels: 250 to the inch on the width of a page
	exactMax  = 300 << 10
)

// ErrPicture says that something is no picture that can be embedded.
var ErrPicture = errors.New("pdf: no JPEG, PNG, GIF or WebP of a reasonable size")

// Image embeds a picture. JPEG is taken as it is; others are decoded, made
// smaller if they are large, and packed without loss where that is small.
func (w *Writer) Image(content []byte) (*Image, error) {
	config, kind, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || config.Width <= 0 || config.Height <= 0 {
		return nil, ErrPicture
	}
	if kind == "jpeg" {
		if space := jpegSpace(config.ColorModel); space != "" {
			return w.jpeg(content, config.Width, config.Height, space), nil
		}
	}
	if config.Width > pixelsMax/config.Height {
		return nil, ErrPicture
	}
	img, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, ErrPicture
	}
	return w.picture(smaller(img)), nil
}

func jpegSpace(m color.Model) string {
	switch m {
	case color.YCbCrModel:
		return "/DeviceRGB"
	case color.GrayModel:
		return "/DeviceGray"
	default: // CMYK has two readings; decoding settles which
		return ""
	}
}

func (w *Writer) newImage(width, height int) *Image {
	w.images++
	return &Image{Width: width, Height: height, number: w.images, ref: w.reserve()}
}

func (w *Writer) jpeg(content []byte, width, height int, space string) *Image {
	i := w.newImage(width, height)
	w.rawStream(i.ref, i.dict(space, 8)+" /Filter /DCTDecode", content)
	return i
}

func (i *Image) dict(space string, bits int) string {
	return fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent %d", i.Width, i.Height, space, bits)
}

func smaller(img image.Image) *image.NRGBA {
	b := img.Bounds()
	width, height := b.Dx(), b.Dy()
	if most := max(width, height); most > sideMax {
		width, height = max(width*sideMax/most, 1), max(height*sideMax/most, 1)
		out := image.NewNRGBA(image.Rect(0, 0, width, height))
		xdraw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
		return out
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
	return out
}

// picture embeds pixels, with their transparency as a mask of its own.
func (w *Writer) picture(img *image.NRGBA) *Image {
	width, height := img.Rect.Dx(), img.Rect.Dy()
	colours, alpha := make([]byte, 0, width*height*3), make([]byte, 0, width*height)
	opaque := true
	for p := img.Pix; len(p) >= 4; p = p[4:] {
		colours = append(colours, p[0], p[1], p[2])
		alpha = append(alpha, p[3])
		opaque = opaque && p[3] == 0xff
	}
	packed := deflated(colours)
	if opaque && len(packed) > exactMax {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 88}); err == nil && b.Len() < len(packed) {
			return w.jpeg(b.Bytes(), width, height, "/DeviceRGB")
		}
	}
	i := w.newImage(width, height)
	mask := ""
	if !opaque {
		m := w.reserve()
		w.stream(m, i.dict("/DeviceGray", 8), alpha)
		mask = fmt.Sprintf(" /SMask %v", m)
	}
	w.rawStream(i.ref, i.dict("/DeviceRGB", 8)+mask+" /Filter /FlateDecode", packed)
	return i
}
