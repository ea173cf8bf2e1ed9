"""What a scenario plays with."""
import asyncio
import contextlib
import os
from base64 import urlsafe_b64encode

from bots import Bots
from person import link


class Stage:
    """The page, a relay, a fresh invite, its browsers by kind, and a place to say what held."""

    def __init__(self, name, folder, kinds):
        self.name, self.folder, self.kinds = name, folder, kinds
        self.page = self.relay = self.tap = None
        self.browsers = {}
        self.invite = self.another_invite()
        self.passed = 0

    @property
    def link(self):
        """What people are sent."""
        return link(self.page, self.relay.url, self.invite)

    @staticmethod
    def another_invite():
        return urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")

    def tool(self, name):
        return os.path.join(self.folder, name)

    def holds(self, text):
        self.passed += 1
        print(f"{self.name:18} ok: {text}", flush=True)

    def isolated(self, what):
        """Whether the network is the test's own; if it is not, says what is left out."""
        if os.environ.get("WEBCALL_ISOLATED") == "yes":
            return True
        print(f"{self.name:18} SKIPPED: no network namespace of its own, so {what} here", flush=True)
        return False

    def bots(self, names):
        """Participants of the Swift client; `names` end in their numbers."""
        return Bots(self.tool("sfu-loadgen"), self.link, names)

    @contextlib.asynccontextmanager
    async def weaker_people(self):
        """Two participants of the Swift client that have ML-KEM-768 only."""
        process = await asyncio.create_subprocess_exec(
            self.tool("sfu-loadgen"), "call", "--relay", self.relay.url, "--invite", self.invite,
            "--suite", "x25519-mlkem768", "--participants", "2", "--duration", "120s", "--video-bitrate", "300000",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        try:
            yield
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
