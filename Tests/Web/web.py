"""Runs the web client's unit tests in real browsers and prints what they found."""
import asyncio
import contextlib
import functools
import http.server
import json
import os
import sys
import threading
import time

import browsers
from known_answers import KnownAnswers

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FOLDERS = {
    "/client/": os.path.join(ROOT, "Sources", "Client", "WebClient"),
    "/tests/": os.path.join(HERE, "page"),
    "/vectors/": os.path.join(ROOT, "Tests", "SFrameTests", "Vectors"),
    "/protocol-vectors/": os.path.join(ROOT, "Sources", "Client", "ProtocolVectors"),
}
# The policy under which the page will be served: what the tests do must work under it.
POLICY = "; ".join([
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "connect-src 'self'",
])
# For one browser, its start included.
LIMIT_SECONDS = 90

NATIVE = ["ML-KEM-768", "ML-KEM-1024", "X-Wing", "ML-DSA-65"]

class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".wasm": "application/wasm",
        ".json": "application/json",
    }

    def __init__(self, *arguments, document, **options):
        self.document = document
        super().__init__(*arguments, **options)

    def translate_path(self, path):
        for prefix, folder in FOLDERS.items():
            if path.startswith(prefix):
                inside = os.path.normpath("/" + path[len(prefix):].partition("?")[0])
                return folder + inside
        return os.path.join(HERE, "nothing")

    def do_GET(self):
        if self.path != "/known-answers.json":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.document)))
        self.end_headers()
        self.wfile.write(self.document)

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def page_server(answers):
    handler = functools.partial(Handler, document=json.dumps(answers.document()).encode())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/tests/index.html"
        server.shutdown()


# How to start each browser, and what it must take from WebCrypto; all else must come from WebAssembly.
BROWSERS = {
    "chromium": (browsers.chromium, NATIVE),
    "chromium-wasm": (lambda: browsers.chromium(extra=browsers.CHROMIUM_WITHOUT_POST_QUANTUM), []),
    "firefox": (browsers.firefox, []),
}


class Results:
    def __init__(self, browser):
        self.browser, self.passed, self.failures, self.console = browser, 0, [], ()

    def record(self, name, holds, why=""):
        line = f"{self.browser:13} {'ok' if holds else 'FAILED'}: {name}{': ' + why if why else ''}"
        self.passed += holds
        if not holds:
            self.failures.append(line)
        print(line, flush=True)


def write_vectors(made):
    """What Swift is to verify and open, in the form of the vectors that Swift writes."""
    path = os.path.join(FOLDERS["/protocol-vectors/"], "made-by-web.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


async def run(name, page, answers, results):
    start, native = BROWSERS[name]
    async with asyncio.timeout(LIMIT_SECONDS), start() as browser:
        results.console = browser.console
        tab = await browser.open(page)
        backends = await tab.evaluate("tests.backends()")
        expected = {algorithm: "native" if algorithm in native else "wasm" for algorithm in backends}
        results.record(f"implementations: {backends}", backends == expected)
        for suite in await tab.evaluate("tests.suites()"):
            for check in await tab.evaluate(f"tests.run({suite!r})"):
                results.record(f"{suite}: {check['name']}", check["error"] is None, check["error"] or check["note"])
        if os.environ.get("SEALEDSFU_WRITE_VECTORS") == "1":
            write_vectors(await tab.evaluate("tests.forSwift()"))
        for check, holds in answers.judge(await tab.evaluate("tests.forPython()")):
            results.record(f"pq: {check}", holds)


async def main(names):
    answers = KnownAnswers()
    all_results = []
    began = time.monotonic()
    with page_server(answers) as page:
        # One at a time: a browser takes more than one core.
        for name in names or BROWSERS:
            results = Results(name)
            all_results.append(results)
            try:
                await run(name, page, answers, results)
            except TimeoutError:
                results.record(f"done within {LIMIT_SECONDS} s", False)
            except (RuntimeError, OSError) as failure:
                results.record("ran to its end", False, str(failure))
            for line in results.console if results.failures else ():
                print(f"{name:13} console: {line}", flush=True)
    passed, failures = sum(r.passed for r in all_results), sum((r.failures for r in all_results), [])
    print(f"web: {passed} passed, {len(failures)} failed in {time.monotonic() - began:.0f} s", flush=True)
    # Last, since whoever reads a long log reads its end.
    print(*failures, sep="\n", end="\n" if failures else "", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
