"""A relay that can be killed, stopped and started again at the same address, and a wire to it that can be cut."""
import asyncio
import contextlib
import os
import signal
import socket
import tempfile

import relay as relays


class RelayProcess:
    def __init__(self, executable, environment):
        self.executable, self.environment = executable, {**os.environ, **environment}
        self.ports = [relays.free_port(), relays.free_port(), relays.free_port(socket.SOCK_DGRAM)]
        self.url = f"ws://127.0.0.1:{self.ports[0]}"
        self.log = tempfile.TemporaryFile()
        self.process = None

    async def start(self):
        signalling, metrics, udp = self.ports
        self.process = await asyncio.create_subprocess_exec(
            self.executable, "serve", "--dev", "--signaling-port", str(signalling), "--metrics-port", str(metrics),
            "--media-udp-port", str(udp), "--media-shards", "1", stdout=self.log, stderr=self.log,
            env=self.environment,
        )
        for _ in range(300):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", signalling)
                writer.close()
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("the relay does not answer")

    async def kill(self):
        """Ends it without a goodbye."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def last_words(self, lines=10):
        self.log.seek(0)
        return self.log.read().decode("utf8", "replace").splitlines()[-lines:]


@contextlib.asynccontextmanager
async def running(executable, environment={}):
    relay = RelayProcess(executable, environment)
    try:
        await relay.start()
        yield relay
    finally:
        await relay.kill()
        relay.log.close()


class Wire:
    """A TCP connection to the relay's signalling that can be cut."""

    def __init__(self, port):
        self.target = port
        self.is_cut = False
        self.writers = set()

    async def serve(self, reader, writer):
        if self.is_cut:
            return writer.close()
        try:
            upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return writer.close()
        self.writers |= {writer, upstream}
        await asyncio.gather(self.pump(reader, upstream), self.pump(upstream_reader, writer))

    async def pump(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    def cut(self):
        self.is_cut = True
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def mend(self):
        self.is_cut = False


@contextlib.asynccontextmanager
async def wire_to(relay):
    wire = Wire(relay.ports[0])
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
