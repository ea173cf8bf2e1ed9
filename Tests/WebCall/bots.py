"""Participants of the Swift client: they show moving pictures, speak, and say at the end what they got of whom."""
import asyncio
import contextlib
import json
import os
import tempfile

from person import Failed

# Frames of each person that a bot must have opened: a second of sound, some pictures.
ENOUGH_SOUND, ENOUGH_PICTURES = 50, 10


class Bots:
    def __init__(self, executable, link, names):
        self.executable, self.link, self.names = executable, link, names
        self.process = None

    async def __aenter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="webcall-bots-")
        self.file = os.path.join(self.folder.name, "report.json")
        count = str(len(self.names))
        self.process = await asyncio.create_subprocess_exec(
            self.executable, "join", "--invite", self.link, "--participants", count, "--talkers", count,
            "--name", self.names[0].rpartition(" ")[0], "--json", self.file,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
        # Read to its end, or the process would stay a zombie.
        with contextlib.suppress(Exception):
            await self.process.communicate()
        self.folder.cleanup()

    async def leave(self):
        """They leave as people do; returns their report."""
        self.process.terminate()
        try:
            _, errors = await asyncio.wait_for(self.process.communicate(), 60)
        except asyncio.TimeoutError:
            raise Failed("the Swift participants do not leave") from None
        if self.process.returncode:
            raise Failed(f"the Swift participants ended with {self.process.returncode}: {errors.decode()[-300:]}")
        with open(self.file, encoding="utf8") as file:
            return json.load(file)


def opened_all(report, names, people, passers_by):
    """Every bot opened sound and pictures of all people and of the other bots, and failed at no frame."""
    facts = []
    if report["gave_up"] or [bot["name"] for bot in report["bots"]] != names:
        raise Failed(f"of the Swift participants {names} some gave up: {report['gave_up']}")
    for bot in report["bots"]:
        if bot["decrypt_failures"]:
            raise Failed(f"{bot['name']} could not open {bot['decrypt_failures']} frames")
        frames = {member["name"]: (member["audio_frames"], member["video_frames"]) for member in bot["members"]}
        for other in [*people, *(name for name in names if name != bot["name"])]:
            sound, pictures = frames.get(other, (0, 0))
            if sound < ENOUGH_SOUND or pictures < ENOUGH_PICTURES:
                raise Failed(f"{bot['name']} opened {sound} sounds and {pictures} pictures of {other}")
        for other in passers_by:
            if 0 in frames.get(other, (0, 0)):
                raise Failed(f"{bot['name']} opened {frames.get(other)} sounds and pictures of {other}")
        facts.append(f"{bot['name']} opened {bot['frames_decrypted']} frames of {len(frames)} people")
    return "; ".join(facts)
