// Takes pictures of HTML files:
//
//   node shot.mjs [WIDTH] PAGE.html PICTURE.png [PAGE.html PICTURE.png ...]
//
// A picture is as wide as WIDTH (640 CSS pixels) and as high as the page. It
// is drawn at twice that density unless that makes more than 120 kB. Pages may
// ask nobody for anything but files beside them. CHROMIUM names the browser.
import { statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const most = 120_000 // bytes of a picture in the docs

const args = process.argv.slice(2)
const width = /^\d+$/.test(args[0] ?? '') ? Number(args.shift()) : 640
if (args.length === 0 || args.length % 2 !== 0) {
  console.error('usage: node shot.mjs [WIDTH] PAGE.html PICTURE.png [PAGE.html PICTURE.png ...]')
  process.exit(2)
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  for (let i = 0; i < args.length; i += 2) {
    const [page, picture] = args.slice(i, i + 2)
    for (const deviceScaleFactor of [2, 1.5, 1]) {
      const context = await browser.newContext({ viewport: { width, height: 200 }, deviceScaleFactor, reducedMotion: 'reduce' })
      const tab = await context.newPage()
      await tab.route((url) => !['file:', 'data:'].includes(url.protocol), (route) => {
        console.error(`${page} asks for ${route.request().url()}`)
        process.exitCode = 1
        return route.abort()
      })
      await tab.goto(pathToFileURL(page).href, { waitUntil: 'load' })
      await tab.evaluate(() => document.fonts.ready)
      await tab.screenshot({ path: picture, fullPage: true, animations: 'disabled' })
      await context.close()
      if (statSync(picture).size <= most) break
    }
    const { size } = statSync(picture)
    console.log(`${picture}: ${size} bytes`)
    if (size > most) {
      console.error(`${picture} is larger than ${most} bytes: show less on one page`)
      process.exitCode = 1
    }
  }
} finally {
  await browser.close()
}
