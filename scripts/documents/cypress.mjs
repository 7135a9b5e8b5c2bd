// Stands for Cypress in the documents' tests: `cy.request` and commands of one's own work as they do there; a page is a page of
// the browser that Playwright drives.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { chromium } = createRequire(import.meta.url)(process.env.DOCUMENTS_PLAYWRIGHT)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage()
// The last of the commands that were given: the next one runs after it.
let last = Promise.resolve()

/** What a command gave. It is no promise, although it has `then`: it is never awaited itself. */
class Chain {
  constructor(value) {
    this.value = value
    last = value
  }

  /** Runs work with the value. Commands that it gives run before what follows. */
  then(work) {
    return new Chain(this.value.then(async value => {
      const outer = last
      last = Promise.resolve()
      const result = work(value)
      const inner = last
      last = outer
      await inner
      return result instanceof Chain ? result.value : result
    }))
  }

  its(name) { return this.then(value => value[name]) }

  act(work) {
    return new Chain(this.value.then(async locator => {
      await work(locator)
      return locator
    }))
  }

  type(text) { return this.act(locator => locator.fill(text)) }
  click() { return this.act(locator => locator.click()) }
  should(what) {
    if (what !== 'be.visible') throw new Error(`not known: should('${what}')`)
    return this.act(locator => locator.waitFor({ state: 'visible', timeout: 10_000 }))
  }
}

const command = work => new Chain(last.then(work))

globalThis.cy = {
  visit: url => command(async () => { await page.goto(url) }),
  get: selector => command(async () => page.locator(selector)),
  contains: (selector, text) => command(async () => text ? page.locator(selector, { hasText: text }) : page.getByText(selector)),
  request: what => command(async () => {
    const { url, qs = {}, timeout = 30_000 } = typeof what === 'string' ? { url: what } : what
    const response = await fetch(`${url}?${new URLSearchParams(qs)}`, { signal: AbortSignal.timeout(timeout) })
    if (!response.ok) throw new Error(`${url}: ${response.status}`)
    return { status: response.status, body: await response.json() }
  }),
}
globalThis.Cypress = { Commands: { add: (name, work) => { cy[name] = work } } }
const tests = []
globalThis.describe = (_, body) => body()
globalThis.it = (name, body) => tests.push([name, body])

try {
  for (const file of process.argv.slice(2)) new Function(readFileSync(file, 'utf8'))()
  for (const [name, body] of tests) {
    body()
    await last
    console.log(`ok: ${name}`)
  }
} finally {
  await browser.close()
}
console.log(`${tests.length} passed`)
process.exit(tests.length ? 0 : 1)
