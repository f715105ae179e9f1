// Opens pages in Firefox, and has the conversation in each: node firefox.mjs FIREFOX URL...
// Prints what came of each, as JSON.

import puppeteer from 'puppeteer-core';

const [executablePath, ...urls] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true, acceptInsecureCerts: true });
const results = {};
try {
    const page = await browser.newPage();
    for (const url of urls) {
        try {
            await page.goto(url);
            results[url] = await page.evaluate(() => talk());
        } catch (error) {
            results[url] = String(error);
        }
    }
} finally {
    await browser.close();
}
console.log(JSON.stringify(results));
