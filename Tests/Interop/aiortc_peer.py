"""A participant on aiortc: a third WebRTC stack, in Python on its own ICE, DTLS and SRTP."""
import asyncio
import json
import os
from base64 import urlsafe_b64encode

import aioice.ice
import websockets
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack

# aioice leaves loopback out; in this test there is nothing else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class AiortcPeer:
    def __init__(self):
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.sink = MediaBlackhole()
        self.errors = []
        self.answer = asyncio.get_running_loop().create_future()

    async def join(self, url, room, slots):
        self.socket = await websockets.connect(url + "/v1/call", max_size=None)
        bundle = urlsafe_b64encode(os.urandom(256)).decode().rstrip("=")
        await self._send({"type": "join", "room": room, "bundle": bundle})
        first = json.loads(await self.socket.recv())
        if first["type"] != "joined":
            raise AssertionError(f"aiortc: {first}")
        self.reader = asyncio.create_task(self._read())
        self.connection.on("track", self.sink.addTrack)
        sender = self.connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
        for _ in range(slots):
            self.connection.addTransceiver("audio", direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await self._send({"type": "offer", "sdp": self.connection.localDescription.sdp})
        sdp = await asyncio.wait_for(self.answer, 10)
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await self.sink.start()
        await self._send(
            {"type": "publish", "tracks": [{"id": "mic", "source": "microphone", "mid": sender.mid}]}
        )

    async def _send(self, message):
        await self.socket.send(json.dumps(message))

    async def _read(self):
        async for text in self.socket:
            message = json.loads(text)
            if message["type"] == "answer" and not self.answer.done():
                self.answer.set_result(message["sdp"])
            if message["type"] == "error":
                self.errors.append(message["message"])

    async def report(self):
        result = {
            "state": self.connection.connectionState, "errors": self.errors, "dtls": None, "srtp": None, "sent": 0,
            "received": [],
        }
        for transport in {id(s.transport): s.transport for s in self.connection.getSenders()}.values():
            result["dtls"] = transport.state
        for stat in (await self.connection.getStats()).values():
            if stat.type == "outbound-rtp":
                result["sent"] += stat.packetsSent
            if stat.type == "inbound-rtp" and stat.packetsReceived > 0:
                result["received"].append({"packets": stat.packetsReceived, "lost": stat.packetsLost, "energy": None})
        return result

    async def close(self):
        await self.connection.close()
        await self.socket.close()
