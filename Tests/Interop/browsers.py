"""Drives headless Chromium (through chromedriver) and Firefox (natively) by WebDriver BiDi over one WebSocket."""
import asyncio
import collections
import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
import urllib.error
import urllib.request

import websockets

# Fake devices without prompts; host candidates on loopback; nothing that calls home.
FIREFOX_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # Fake devices do not count as permission to capture; without it only the default route's address is gathered.
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "app.update.disabledForTesting": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "services.settings.server": "data:,#none",
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.startup.page": 0,
    "browser.aboutwelcome.enabled": False,
    "dom.push.connection.enabled": False,
    "geo.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.trr.mode": 5,
}

CHROMIUM_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    # Where loopback is the only interface, Chromium gathers nothing without this.
    "--allow-loopback-in-peer-connection",
]
# Leaves ML-KEM and ML-DSA to WebAssembly.
CHROMIUM_WITHOUT_POST_QUANTUM = ["--disable-features=WebCryptoPQC"]
# What its pages complained of that is kept, in lines.
CONSOLE_LINES = 30


class Browser:
    """One browser, spoken to in WebDriver BiDi commands."""

    def __init__(self, socket, name):
        self.socket, self.name = socket, name
        self.last, self.waiting = 0, {}
        # Warnings and errors that pages wrote to their consoles lately.
        self.console = collections.deque(maxlen=CONSOLE_LINES)
        self.reader = asyncio.create_task(self._read())

    async def _read(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in self.socket:
                message = json.loads(text)
                if message.get("method") == "log.entryAdded":
                    self._heard(message["params"])
                future = self.waiting.pop(message.get("id"), None)
                if future is None or future.done():
                    continue
                if message.get("type") == "error":
                    future.set_exception(RuntimeError(f"{self.name}: {message.get('message')}"))
                else:
                    future.set_result(message["result"])
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(RuntimeError(f"{self.name}: the browser went away"))

    def _heard(self, entry):
        if entry["level"] in ("warn", "error"):
            frames = (entry.get("stackTrace") or {}).get("callFrames") or []
            place = f" ({frames[0]['url'].rpartition('/')[2]}:{frames[0]['lineNumber'] + 1})" if frames else ""
            self.console.append(f"{entry['level']}: {(entry.get('text') or '')[:400]}{place}")

    async def listen(self):
        """Keeps what pages write to their consoles from now on."""
        await self.command("session.subscribe", events=["log.entryAdded"])
        return self

    async def command(self, method, /, timeout=30, **parameters):
        self.last += 1
        future = self.waiting[self.last] = asyncio.get_running_loop().create_future()
        try:
            await self.socket.send(json.dumps({"id": self.last, "method": method, "params": parameters}))
            return await asyncio.wait_for(future, timeout)
        except websockets.ConnectionClosed:
            raise RuntimeError(f"{self.name}: the browser went away") from None
        except asyncio.TimeoutError:
            raise RuntimeError(f"{self.name}: no answer to {method} within {timeout} s") from None

    async def open(self, url):
        """A new tab that has loaded the page."""
        context = (await self.command("browsingContext.create", type="tab"))["context"]
        await self.command("browsingContext.navigate", context=context, url=url, wait="complete")
        return Tab(self, context)


class Tab:
    def __init__(self, browser, context):
        self.browser, self.context = browser, context

    async def evaluate(self, expression):
        """The value of a JavaScript expression, awaited, by way of JSON."""
        result = await self.browser.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        if result["type"] == "exception":
            raise RuntimeError(f"{self.browser.name}: {result['exceptionDetails']['text']}")
        value = result["result"].get("value")
        return None if value is None else json.loads(value)

    async def close(self):
        await self.browser.command("browsingContext.close", context=self.context)


async def _stop(process):
    if process.returncode is not None:
        return
    # Each browser was started in a session of its own: the group is its processes and no others.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 8)
    except asyncio.TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _wait_for_line(stream, pattern, timeout=60):
    async def search():
        while line := await stream.readline():
            if match := re.search(pattern, line.decode("utf8", "replace")):
                return match
        raise RuntimeError(f"the process ended before it said {pattern}")

    async def drain():
        while await stream.readline():
            pass

    match = await asyncio.wait_for(search(), timeout)
    asyncio.create_task(drain())
    return match


@contextlib.asynccontextmanager
async def firefox(preferences={}):
    """Firefox, with preferences that differ from the usual ones."""
    profile = tempfile.mkdtemp(prefix="interop-firefox-")
    with open(os.path.join(profile, "user.js"), "w") as file:
        for key, value in {**FIREFOX_PREFERENCES, **preferences}.items():
            file.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
    environment = {
        **os.environ,
        "HOME": profile,
        "MOZ_CRASHREPORTER_DISABLE": "1",
        "MOZ_DISABLE_CONTENT_SANDBOX": "1",
    }
    process = await asyncio.create_subprocess_exec(
        "firefox-esr", "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True, env=environment,
    )
    try:
        match = await _wait_for_line(process.stderr, r"WebDriver BiDi listening on (ws://\S+)")
        async with websockets.connect(match[1] + "/session", max_size=None, ping_interval=None) as socket:
            browser = Browser(socket, "firefox")
            await browser.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
            yield await browser.listen()
            with contextlib.suppress(Exception):
                await browser.command("browser.close", timeout=5)
    finally:
        await _stop(process)
        shutil.rmtree(profile, ignore_errors=True)


def _webdriver(method, url, body=None):
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(error.read().decode()[:1000]) from None


@contextlib.asynccontextmanager
async def chromium(extra=(), without=()):
    """Chromium, with some arguments more and some fewer than usual."""
    profile = tempfile.mkdtemp(prefix="interop-chromium-")
    process = await asyncio.create_subprocess_exec(
        "chromedriver", "--port=0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        port = (await _wait_for_line(process.stdout, r"started successfully on port (\d+)"))[1]
        base = f"http://127.0.0.1:{port}/session"
        usual = [argument for argument in CHROMIUM_ARGUMENTS if argument not in without]
        options = {"binary": "/usr/bin/chromium", "args": [*usual, *extra, f"--user-data-dir={profile}"]}
        capabilities = {"webSocketUrl": True, "acceptInsecureCerts": True, "goog:chromeOptions": options}
        session = await asyncio.to_thread(
            _webdriver, "POST", base, {"capabilities": {"alwaysMatch": capabilities}}
        )
        try:
            url = session["capabilities"]["webSocketUrl"]
            async with websockets.connect(url, max_size=None, ping_interval=None) as socket:
                yield await Browser(socket, "chromium").listen()
        finally:
            with contextlib.suppress(Exception):
                await asyncio.to_thread(_webdriver, "DELETE", f"{base}/{session['sessionId']}")
    finally:
        await _stop(process)
        shutil.rmtree(profile, ignore_errors=True)
