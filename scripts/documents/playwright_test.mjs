// Stands for @playwright/test in the documents' tests: `test` with the fixture `page`, and `expect(locator).toBeVisible()`.
import { createRequire } from 'node:module'

const { chromium } = createRequire(import.meta.url)(process.env.DOCUMENTS_PLAYWRIGHT)
const tests = []

export const test = (name, body) => tests.push([name, body])

export const expect = locator => ({ toBeVisible: () => locator.waitFor({ state: 'visible', timeout: 10_000 }) })

export async function run() {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    for (const [name, body] of tests) {
      await body({ page: await browser.newPage() })
      console.log(`ok: ${name}`)
    }
    console.log(`${tests.length} passed`)
  } finally {
    await browser.close()
  }
  if (!tests.length) process.exit(1)
}
