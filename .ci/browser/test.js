// Looks at the reader's pages in a real browser, on the demo threads:
//
//   node test.js PATH-OF-UNROLLBOT [FOLDER-FOR-SCREENSHOTS]
//
// Every page is checked by day, by night, on a narrow phone and on paper: no
// violation that axe finds, nothing on the console, no request to anybody but
// for the media of posts, nothing wider than the screen, no cookie, no script.
// Every link within the reader must lead somewhere.
import { spawn } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

async function look(browser, server, path, name, status, links, proxied = false) {
  for (const [view, options] of Object.entries(views)) {
    if (view === 'night' && !name.startsWith('thread')) continue // the phone is dark, too
    const where = `${name}, ${view}`
    const context = await browser.newContext({ ...options, extraHTTPHeaders: visitor() })
    const page = await context.newPage()
    page.on('console', (m) => {
      const own = status >= 400 && m.text().startsWith('Failed to load resource') && m.location().url === page.url()
      const drawing = proxied && m.text().includes('status of 422') // the demo draws in SVG, which is not passed on
      if (!own && !drawing && ['error', 'warning'].includes(m.type())) expect(false, where, `console: ${m.text()}`)
    })
    page.on('pageerror', (e) => expect(false, where, String(e)))
    page.on('request', (r) => {
      const ours = new URL(r.url()).origin === server.base
      expect(ours || (!proxied && !path.endsWith('media=0') && ['image', 'media'].includes(r.resourceType())), where, `asks for ${r.url()}`)
    })
    if (view === 'paper') await page.emulateMedia({ media: 'print' })
    const answer = await page.goto(server.base + path, { waitUntil: 'load' })
    expect(answer.status() === status, where, `status ${answer.status()} instead of ${status}`)

    await page.evaluate(() => {
      for (const d of document.querySelectorAll('details')) d.open = true
      for (const i of document.querySelectorAll('img')) i.loading = 'eager'
    })
    if (!proxied) {
      await page.waitForLoadState('networkidle')
      const broken = await page.evaluate(async () => {
        await Promise.all([...document.images].map((i) => i.decode().catch(() => {})))
        const absent = '/avatars/original/missing.png' // what servers name for people without a picture; the demo has none
        return [...document.images].filter((i) => !i.naturalWidth && !i.src.endsWith(absent)).map((i) => i.src)
      })
      expect(broken.length === 0, where, `pictures do not show: ${broken}`)
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
