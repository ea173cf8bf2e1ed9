"""Runs one relay for a test and reads its metrics."""
import asyncio
import contextlib
import re
import socket
import tempfile
import urllib.request


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Relay:
    def __init__(self, process, log, signalling, metrics):
        self.process, self.log = process, log
        self.url = f"ws://127.0.0.1:{signalling}"
        self.metrics_url = f"http://127.0.0.1:{metrics}"

    def get(self, path):
        with urllib.request.urlopen(self.metrics_url + path, timeout=5) as response:
            return response.read().decode()

    def metric(self, name):
        """The samples of a metric by their label sets, as written: `{result="success"}`."""
        found = re.findall(rf"^{re.escape(name)}({{[^}}]*}})? (\S+)$", self.get("/metrics"), re.MULTILINE)
        if not found:
            raise RuntimeError(f"the relay has no metric {name}")
        return {labels: float(value) for labels, value in found}

    def last_words(self, lines=15):
        self.log.seek(0)
        return self.log.read().decode("utf8", "replace").splitlines()[-lines:]


async def _wait_until_ready(relay):
    for _ in range(150):
        with contextlib.suppress(OSError):
            await asyncio.to_thread(relay.get, "/healthz")
            return
        if relay.process.returncode is not None:
            raise RuntimeError(f"the relay ended with {relay.process.returncode}: {relay.last_words()}")
        await asyncio.sleep(0.1)
    raise RuntimeError("the relay does not answer")


@contextlib.asynccontextmanager
async def running(executable, *arguments):
    signalling, metrics, udp = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            executable, "serve", "--dev", "--signaling-port", str(signalling), "--metrics-port", str(metrics),
            "--media-udp-port", str(udp), "--media-shards", "1", *arguments, stdout=log, stderr=log,
        )
        relay = Relay(process, log, signalling, metrics)
        try:
            await _wait_until_ready(relay)
            yield relay
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), 10)
                except asyncio.TimeoutError:
                    process.kill()
                    await process.wait()
