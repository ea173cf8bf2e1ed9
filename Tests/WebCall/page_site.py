"""The page as people get it: served by sfu-web, in an origin of its own."""
import asyncio
import contextlib
import os
import re

FOLDER = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "Sources", "Client", "WebClient")


@contextlib.asynccontextmanager
async def serving(executable):
    """Yields the page's address. Each time it is another origin, to which nothing stored for one before is known."""
    process = await asyncio.create_subprocess_exec(
        executable, "serve", "--root", FOLDER, "--port", "0", stdout=asyncio.subprocess.PIPE)
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        if not (match := re.fullmatch(r"(http://localhost:\d+/)\n", line)):
            raise RuntimeError(f"sfu-web says {line!r} instead of the page's address")
        yield match[1]
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()


async def digests(executable):
    """What `sfu-web digest` says: the files' SHA-256 by path, and that of the whole."""
    process = await asyncio.create_subprocess_exec(
        executable, "digest", "--root", FOLDER, stdout=asyncio.subprocess.PIPE)
    text = (await process.communicate())[0].decode()
    files = {path: digest for digest, path in re.findall(r"^([0-9a-f]{64})  (.+)$", text, re.MULTILINE)}
    whole = re.search(r"^# all: ([0-9a-f]{64})$", text, re.MULTILINE)
    if process.returncode or not files or not whole:
        raise RuntimeError(f"sfu-web digest ended with {process.returncode} and said {text[-200:]!r}")
    return files, whole[1]
