"""A relay whose view of media is written down, and can be spoilt; see relay_tap.c."""
import asyncio
import os
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Tap:
    """The environment that puts the tap into a relay, and what comes out of it."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="webcall-tap-")
        self._library, self._file, self._spoil = (
            os.path.join(self._folder.name, name) for name in ("relay_tap.so", "packets", "spoil"))
        self.environment = {"LD_PRELOAD": self._library, "RELAY_TAP": self._file, "RELAY_TAP_SPOIL": self._spoil}

    async def __aenter__(self):
        process = await asyncio.create_subprocess_exec(
            os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror",
            os.path.join(HERE, "relay_tap.c"), "-o", self._library, "-ldl", "-lpthread",
            stderr=asyncio.subprocess.PIPE)
        errors = (await process.communicate())[1]
        if process.returncode:
            raise RuntimeError(f"relay_tap.c does not compile: {errors.decode()[-500:]}")
        return self

    def spoil(self, spoils):
        """Whether the relay changes what it passes on."""
        if spoils:
            open(self._spoil, "w").close()
        else:
            os.remove(self._spoil)

    def packets(self):
        """All RTP packets so far, as the relay got them from the participants, without the hop's encryption."""
        try:
            with open(self._file, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        packets, at = [], 0
        while at + 2 <= len(data):
            end = at + 2 + int.from_bytes(data[at:at + 2], "big")
            if end > len(data):
                break
            packets.append(data[at + 2:end])
            at = end
        return packets

    async def __aexit__(self, *_):
        self._folder.cleanup()
