"""Runs one relay for a test and reads its metrics."""
import asyncio
import contextlib
import re
import socket
import urllib.request


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Relay:
    def __init__(self, process, signalling, metrics):
        self.process = process
        self.url = f"ws://127.0.0.1:{signalling}"
        self.metrics_url = f"http://127.0.0.1:{metrics}"

    def metric(self, name):
        """The sum of a metric over its labels."""
        text = urllib.request.urlopen(self.metrics_url + "/metrics", timeout=5).read().decode()
        values = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        if not values:
            raise AssertionError(f"the relay has no metric {name}")
        return sum(float(value) for value in values)


@contextlib.asynccontextmanager
async def running(executable, *arguments):
    signalling, metrics, udp = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
    process = await asyncio.create_subprocess_exec(
        executable, "serve", "--dev", "--signaling-port", str(signalling), "--metrics-port", str(metrics),
        "--media-udp-port", str(udp), "--media-shards", "1", *arguments,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )
    relay = Relay(process, signalling, metrics)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(relay.metrics_url + "/healthz", timeout=2).read()
                break
            if process.returncode is not None:
                raise RuntimeError(f"the relay ended with {process.returncode}")
            await asyncio.sleep(0.1)
        else:
            raise RuntimeError("the relay does not answer")
        yield relay
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()
