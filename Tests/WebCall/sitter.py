"""A person at a Chromium page whose picture is taken: in a window of a given size, in light and in dark."""
import asyncio
import os
from base64 import b64decode

from person import Failed, Person

DESKTOP, PHONE = (1280, 800), (390, 844)
SCHEMES = ("light", "dark")


class Sitter(Person):
    async def open(self, url, preload=()):
        await super().open(url, preload)
        self.session = (await self.browser.command("goog:cdp.getSession", context=self.context))["session"]
        return self

    async def cdp(self, method, **parameters):
        """A command of the browser's own protocol, for what WebDriver has no word."""
        return await self.browser.command(
            "goog:cdp.sendCommand", method=method, params=parameters, session=self.session)

    async def window(self, size):
        width, height = size
        await self.browser.command(
            "browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height},
            devicePixelRatio=1)

    async def scheme(self, name):
        features = [{"name": "prefers-color-scheme", "value": name}]
        await self.cdp("Emulation.setEmulatedMedia", features=features)

    async def picture(self):
        # A tab in the background is never painted.
        await self.browser.command("browsingContext.activate", context=self.context)
        await self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
        shot = await self.browser.command("browsingContext.captureScreenshot", context=self.context, timeout=60)
        return b64decode(shot["data"])

    async def pose(self, folder, name, size=DESKTOP):
        """Takes the picture in light and in dark."""
        await self.browser.command("browsingContext.activate", context=self.context)
        await self.window(size)
        await self.evaluate("document.querySelectorAll('.toast button').forEach((button) => button.click())")
        # What moves on a change of size has moved, and a tile's picture of the new size has come.
        await asyncio.sleep(0.8)
        for scheme in SCHEMES:
            await self.scheme(scheme)
            with open(os.path.join(folder, f"{name}-{scheme}.png"), "wb") as file:
                file.write(await self.picture())
        await self.has_no_complaints(name)

    async def has_no_complaints(self, where):
        complaints = await self.evaluate("complaints")
        if complaints:
            raise Failed(f"{where}: {self.name}'s page complains: {complaints}")
