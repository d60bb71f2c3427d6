// Looks at the reader's pages in a real browser, on the demo threads:
//
//   node test.js PATH-OF-UNROLLBOT [FOLDER-FOR-SCREENSHOTS]
//
// Every page is checked by day, by night, on a narrow phone and on paper: no
// violation that axe finds, nothing on the console, no request to anybody but
// for the media of posts, nothing wider than the screen, no cookie, no script.
// Every link within the reader must lead somewhere; feeds and JSON must be what
// they should; the file that holds its pictures must need nobody.
import { spawn } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Ajv from 'ajv/dist/2020.js'
import { chromium } from 'playwright-core'

const [program, shots] = process.argv.slice(2)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const problems = []
let checks = 0

function expect(ok, where, what) {
  checks++
  if (!ok) {
    problems.push(`${where}: ${what}`)
    console.log(`  FAILED ${where}: ${what}`)
  }
}

const freePort = () => new Promise((done, fail) => {
  const s = createServer().once('error', fail)
  s.listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) })
})

// start runs the program on its demo threads and gives where it is, the links
// that it names, and what ends it.
async function start(settings = {}) {
  const data = mkdtempSync(join(tmpdir(), 'reader-'))
  const base = `http://127.0.0.1:${await freePort()}`
  const env = {
    PATH: process.env.PATH, UNROLL_DATA_DIR: data, UNROLL_HTTP_ADDR: base.slice('http://'.length),
    UNROLL_PUBLIC_URL: base, UNROLL_CONTACT: 'hello@unroll.example', ...settings,
  }
  const child = spawn(program, ['--demo'], { env, cwd: data })
  let said = ''
  child.stdout.on('data', (b) => { said += b })
  child.stderr.on('data', (b) => { said += b })
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async () => { child.kill('SIGTERM'); await ended; rmSync(data, { recursive: true }) }
  for (let i = 0; i < 100; i++) {
    const up = await fetch(base + '/healthz').then((r) => r.ok, () => false)
    const links = [...said.matchAll(/^ {2}(https?:\S+) +\(/gm)].map((m) => m[1])
    if (up && links.length >= 3) return { base, links, stop }
    await new Promise((done) => setTimeout(done, 100))
  }
  await stop()
  throw new Error(`the program does not start:\n${said}`)
}

// Each page may ask as somebody of their own, so that limits do not meet.
let visitors = 0
const visitor = () => ({ 'X-Forwarded-For': `192.0.2.${++visitors % 250}` })

const views = {
  day: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  night: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark', reducedMotion: 'reduce' },
  phone: { viewport: { width: 320, height: 700 }, colorScheme: 'dark', isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  paper: { viewport: { width: 800, height: 1100 }, colorScheme: 'dark' },
}

// In the page: all of it at once, as nobody sees it who does not scroll.
function unfold() {
  for (const d of document.querySelectorAll('details')) d.open = true
  for (const i of document.querySelectorAll('img')) i.loading = 'eager'
}

// In the page: pictures that do not show.
async function brokenPictures() {
  await Promise.all([...document.images].map((i) => i.decode().catch(() => {})))
  return [...document.images].filter((i) => !i.naturalWidth).map((i) => i.src.slice(0, 80))
}

// In the page: how many characters a full line of Latin letters holds on
// average, and which posts run from the wrong side.
function setText() {
  const wrong = []
  const full = []
  for (const text of document.querySelectorAll('.post > .text')) {
    const first = text.textContent.match(/\p{L}/u)?.[0] ?? 'a'
    const rtl = /[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(first)
    const mark = text.parentElement.querySelector(':scope > .mark').getBoundingClientRect()
    if ((getComputedStyle(text).direction === 'rtl') !== rtl || (rtl && mark.left > text.getBoundingClientRect().right)) {
      wrong.push(text.textContent.slice(0, 20))
    }
    if (!/^[ -~]*$/.test(text.textContent)) continue
    for (const p of text.querySelectorAll('p')) {
      const node = p.firstChild
      if (node?.nodeType !== Node.TEXT_NODE) continue
      const range = document.createRange()
      let top = null
      let start = 0
      for (let i = 0; i < node.length; i++) {
        range.setStart(node, i)
        range.setEnd(node, i + 1)
        const box = range.getBoundingClientRect()
        if (top === null || box.top > top + 5) {
          if (top !== null) full.push(i - start)
          top = box.top
          start = i
        }
      }
    }
  }
  return { wrong, measure: full.reduce((sum, n) => sum + n, 0) / full.length }
}

async function look(browser, server, path, name, status, links, proxied = false) {
  for (const [view, options] of Object.entries(views)) {
    if (view === 'night' && !name.startsWith('thread')) continue // the phone is dark, too
    const where = `${name}, ${view}`
    const context = await browser.newContext({ ...options, extraHTTPHeaders: visitor() })
    const page = await context.newPage()
    page.on('console', (m) => {
      const own = status >= 400 && m.text().startsWith('Failed to load resource') && m.location().url === page.url()
      if (!own && ['error', 'warning'].includes(m.type())) expect(false, where, `console: ${m.text()}`)
    })
    page.on('pageerror', (e) => expect(false, where, String(e)))
    page.on('request', (r) => {
      const ours = new URL(r.url()).origin === server.base
      expect(ours || (!proxied && !path.endsWith('media=0') && ['image', 'media'].includes(r.resourceType())), where, `asks for ${r.url()}`)
    })
    if (view === 'paper') await page.emulateMedia({ media: 'print' })
    const answer = await page.goto(server.base + path, { waitUntil: 'load' })
    expect(answer.status() === status, where, `status ${answer.status()} instead of ${status}`)

    await page.evaluate(unfold)
    await page.waitForLoadState('networkidle')
    const broken = await page.evaluate(brokenPictures)
    expect(broken.length === 0, where, `pictures do not show: ${broken}`)
    if (name.startsWith('thread')) {
      const text = await page.evaluate(setText)
      expect(text.wrong.length === 0, where, `runs the wrong way: ${text.wrong}`)
      if (view === 'day') expect(text.measure >= 58 && text.measure <= 72, where, `${text.measure} characters on a line`)
    }
    const seen = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      scripts: [...document.scripts].filter((s) => s.type !== 'application/ld+json').length,
      links: [...document.querySelectorAll('a[href]:not([href^="#"]), link[href]')].map((a) => a.href),
      paint: performance.getEntriesByType('resource').filter((e) => e.renderBlockingStatus === 'blocking').length,
    }))
    expect(seen.wide <= 0, where, `${seen.wide} pixels wider than the screen`)
    expect(seen.scripts === 0, where, 'holds a script')
    expect(seen.paint === 0, where, 'the first paint waits for another request')
    for (const link of seen.links) links.add(link.split('#')[0])
    expect((await context.cookies()).length === 0, where, 'sets a cookie')

    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }))
    for (const v of violations) expect(false, where, `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' ')}`)
    checks++

    if (view === 'day') {
      await page.keyboard.press('Tab')
      const focus = await page.evaluate(() => [document.activeElement.className, document.activeElement.getBoundingClientRect().top])
      expect(focus[0] === 'skip' && focus[1] >= 0, where, `the first stop of the keyboard is ${focus}`)
    }
    if (view === 'paper') {
      expect(!(await page.isVisible('header.top')), where, 'prints the site\'s own links')
      if (name.startsWith('thread')) expect((await page.pdf({ format: 'A4' })).length > 5000, where, 'no PDF')
    }
    if (shots) await page.screenshot({ path: join(shots, `${name.replace(/\W+/g, '-')}-${view}.png`), fullPage: true })
    await context.close()
  }
  console.log(`  ${name}`)
}

async function follow(server, links) {
  for (const link of links) {
    if (!link.startsWith(server.base + '/')) continue
    const r = await fetch(link, { headers: visitor() })
    expect(r.status < 400, link, `answers ${r.status}`)
    await r.arrayBuffer()
  }
}

// feed checks what Atom asks of a feed (RFC 4287, 4.1).
async function feed(page, server, path) {
  const r = await fetch(server.base + path, { headers: visitor() })
  expect(r.status === 200 && r.headers.get('content-type').startsWith('application/atom+xml'), path, `${r.status}, ${r.headers.get('content-type')}`)
  const faults = await page.evaluate((text) => {
    const doc = new DOMParser().parseFromString(text, 'application/xml')
    if (doc.querySelector('parsererror')) return ['no XML']
    const ns = 'http://www.w3.org/2005/Atom'
    const faults = []
    const ids = new Set()
    const child = (of, name) => [...of.children].filter((c) => c.localName === name && c.namespaceURI === ns)
    const feed = doc.documentElement
    if (feed.localName !== 'feed' || feed.namespaceURI !== ns) faults.push('no feed')
    for (const of of [feed, ...child(feed, 'entry')]) {
      for (const name of ['id', 'title', 'updated']) {
        if (child(of, name).length !== 1 || !child(of, name)[0].textContent) faults.push(`${of.localName}: ${name}`)
      }
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(child(of, 'updated')[0]?.textContent)) faults.push('a time')
      if (child(of, 'link').some((l) => !URL.canParse(l.getAttribute('href')))) faults.push('a link')
      if (of !== feed && child(of, 'author').length + child(feed, 'author').length === 0) faults.push('no author')
      const id = child(of, 'id')[0]?.textContent
      if (ids.has(id) && of !== feed) faults.push(`${id} twice`)
      if (of !== feed) ids.add(id)
    }
    if (child(feed, 'entry').length === 0) faults.push('no entries')
    return faults
  }, await r.text())
  expect(faults.length === 0, path, faults.join(', '))
}

// exports checks the forms of a thread.
async function exports(browser, server, path, valid) {
  const r = await fetch(`${server.base}${path}.json`, { headers: visitor() })
  expect(valid(await r.json()), `${path}.json`, JSON.stringify(valid.errors))
  const begins = { pdf: '%PDF-1.7', epub: 'PK', png: '\x89PNG' }
  for (const [ext, want] of Object.entries(begins)) {
    const answer = await fetch(`${server.base}${path}.${ext}`, { headers: visitor() })
    const head = Buffer.from(await answer.arrayBuffer()).toString('latin1', 0, want.length)
    expect(answer.status === 200 && head === want, `${path}.${ext}`, `${answer.status}, begins with ${head}`)
  }
  const file = join(home, 'thread.html')
  writeFileSync(file, await fetch(`${server.base}${path}.html`, { headers: visitor() }).then((r) => r.text()))
  const page = await browser.newPage()
  page.on('request', (r) => expect(/^(file|data):/.test(r.url()), `${path}.html`, `asks for ${r.url()}`))
  await page.goto(pathToFileURL(file).href)
  await page.evaluate(unfold)
  const broken = await page.evaluate(brokenPictures)
  expect(broken.length === 0, `${path}.html`, `pictures do not show: ${broken}`)
  await page.close()
}

async function threads(server) {
  const paths = []
  for (const link of server.links) {
    const r = await fetch(`${server.base}/?url=${encodeURIComponent(link)}`, { headers: visitor() })
    expect(r.status === 200, link, `answers ${r.status}`)
    paths.push(new URL(r.url).pathname)
  }
  return paths
}

if (shots) mkdirSync(shots, { recursive: true })
const home = mkdtempSync(join(tmpdir(), 'chromium-'))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--crash-dumps-dir=${home}`],
})
const server = await start()
let proxy
try {
  const links = new Set()
  const paths = await threads(server)
  await look(browser, server, '/', 'front', 200, links)
  await look(browser, server, '/latest', 'latest', 200, links)
  await look(browser, server, '/search?q=the', 'search', 200, links)
  await look(browser, server, '/authors', 'authors', 200, links)
  await look(browser, server, `/authors?url=${encodeURIComponent(server.links[0])}`, 'code for an author', 200, links)
  for (const path of paths) await look(browser, server, path, `thread ${path.split('/')[1]}`, 200, links)
  await look(browser, server, paths[0] + '?media=0', 'thread without pictures', 200, links)
  await look(browser, server, '/nothing', 'no page', 404, links)
  await look(browser, server, '/?url=hello', 'no link', 400, links)
  await look(browser, server, '/x/1', 'no post', 404, links)
  await follow(server, links)
  console.log('  links')

  const schema = await fetch(server.base + '/schema/thread.json').then((r) => r.json())
  const valid = new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\S+$/, uri: (s) => URL.canParse(s) } }).compile(schema)
  const page = await browser.newPage()
  const author = [...links].find((l) => l.startsWith(server.base + '/x/@'))
  for (const path of ['/latest', new URL(author).pathname, ...paths]) await feed(page, server, path + '.atom')
  for (const path of paths) await exports(browser, server, path, valid)
  console.log('  feeds and exports')

  proxy = await start({ UNROLL_MEDIA_PROXY: '1' })
  for (const path of (await threads(proxy)).slice(0, 1)) await look(browser, proxy, path, 'thread through the proxy', 200, new Set(), true)
} finally {
  await browser.close()
  await server.stop()
  await proxy?.stop()
  rmSync(home, { recursive: true })
}
console.log(`${checks} checks, ${problems.length} failed`)
process.exit(problems.length ? 1 : 0)
