"""Answers made by Python's cryptography (OpenSSL), which the web client must give too, and checks of what it made."""
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mldsa, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEMS = {"ML-KEM-768": mlkem.MLKEM768PrivateKey, "ML-KEM-1024": mlkem.MLKEM1024PrivateKey}
# Around the rate of SHA3-256, 136 bytes, and around the room of the WebAssembly module, 128 KiB.
HASHED_LENGTHS = [0, 1, 135, 136, 137, 272, 1000, 131071, 131072, 131073, 300000]
CONTEXT = b"a context"


def pattern(length):
    """The bytes that the page makes itself for long inputs."""
    return bytes((index * 31 + (index >> 8)) & 0xFF for index in range(length))


class XWingPrivateKey:
    """X-Wing (draft-connolly-cfrg-xwing-kem) composed of its parts."""

    MLKEM_PUBLIC_KEY, MLKEM_CIPHERTEXT = 1184, 1088

    def __init__(self, seed):
        expanded = hashlib.shake_256(seed).digest(96)
        self.mlkem = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self.x25519 = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
        self.x25519_public = self.x25519.public_key().public_bytes_raw()
        self.public = self.mlkem.public_key().public_bytes_raw() + self.x25519_public

    @staticmethod
    def combine(mlkem_secret, x25519_secret, ephemeral, public):
        return hashlib.sha3_256(mlkem_secret + x25519_secret + ephemeral + public + b"\\.//^\\").digest()

    def encapsulate(self):
        secret, ciphertext = self.mlkem.public_key().encapsulate()
        ephemeral = x25519.X25519PrivateKey.generate()
        sent = ephemeral.public_key().public_bytes_raw()
        shared = ephemeral.exchange(self.x25519.public_key())
        return self.combine(secret, shared, sent, self.x25519_public), ciphertext + sent

    def decapsulate(self, ciphertext):
        sent = ciphertext[self.MLKEM_CIPHERTEXT:]
        secret = self.mlkem.decapsulate(ciphertext[:self.MLKEM_CIPHERTEXT])
        shared = self.x25519.exchange(x25519.X25519PublicKey.from_public_bytes(sent))
        return self.combine(secret, shared, sent, self.x25519_public)


class KnownAnswers:
    def __init__(self):
        self.seeds = {"ML-KEM-768": os.urandom(64), "ML-KEM-1024": os.urandom(64), "X-Wing": os.urandom(32)}
        self.kems = {name: KEMS[name].from_seed_bytes(self.seeds[name]) for name in KEMS}
        self.kems["X-Wing"] = XWingPrivateKey(self.seeds["X-Wing"])
        self.signing_seed = os.urandom(32)
        self.signing = mldsa.MLDSA65PrivateKey.from_seed_bytes(self.signing_seed)

    def document(self):
        """What the page is given, as JSON."""
        return {
            "kem": {name: self._kem(name) for name in self.kems},
            "signature": self._signature(),
            "sha3": [{"length": n, "digest": hashlib.sha3_256(pattern(n)).hexdigest()} for n in HASHED_LENGTHS],
            "hkdf": [self._hkdf(*case) for case in [(hashes.SHA512, 64), (hashes.SHA512, 32), (hashes.SHA256, 82)]],
            "derive": self._derive(),
            "hmac": self._hmac(),
            "gcm": self._gcm(),
        }

    def _kem(self, name):
        key = self.kems[name]
        if name == "X-Wing":
            public, (secret, ciphertext) = key.public, key.encapsulate()
        else:
            public = key.public_key().public_bytes_raw()
            secret, ciphertext = key.public_key().encapsulate()
        changed = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
        return {
            "seed": self.seeds[name].hex(), "publicKey": public.hex(), "ciphertext": ciphertext.hex(),
            "sharedSecret": secret.hex(), "changedCiphertext": changed.hex(),
            "changedSharedSecret": key.decapsulate(changed).hex(),
        }

    def _signature(self):
        message = pattern(10_000)
        return {
            "seed": self.signing_seed.hex(), "publicKey": self.signing.public_key().public_bytes_raw().hex(),
            "messageLength": len(message), "context": CONTEXT.decode(),
            "signature": self.signing.sign(message, CONTEXT).hex(),
            "signatureWithoutContext": self.signing.sign(message).hex(),
        }

    @staticmethod
    def _hkdf(algorithm, length):
        secret, salt, info = os.urandom(32), os.urandom(32), os.urandom(40)
        output = HKDF(algorithm(), length, salt, info).derive(secret)
        return {
            "hash": {"sha512": "SHA-512", "sha256": "SHA-256"}[algorithm.name], "secret": secret.hex(),
            "salt": salt.hex(), "info": info.hex(), "output": output.hex(),
        }

    @staticmethod
    def _derive():
        secret, context = os.urandom(32), os.urandom(20)
        output = HKDF(hashes.SHA512(), 16, b"", b"a label" + context).derive(secret)
        return {"secret": secret.hex(), "context": context.hex(), "output": output.hex()}

    @staticmethod
    def _hmac():
        key, message = os.urandom(32), os.urandom(500)
        code = hmac.new(key, message, hashlib.sha256).hexdigest()
        return {"key": key.hex(), "message": message.hex(), "code": code}

    @staticmethod
    def _gcm():
        key, nonce, aad, plaintext = os.urandom(32), os.urandom(12), os.urandom(9), os.urandom(100)
        sealed = AESGCM(key).encrypt(nonce, plaintext, aad)
        return {
            "key": key.hex(), "nonce": nonce.hex(), "aad": aad.hex(), "plaintext": plaintext.hex(),
            "sealed": sealed.hex(),
        }

    def judge(self, made):
        """Opens and verifies what the page made with Python's public keys. Yields (check, whether it holds)."""
        for backend, results in made.items():
            for name, result in results["kem"].items():
                opened = self.kems[name].decapsulate(bytes.fromhex(result["ciphertext"])).hex()
                yield f"Python opens what {name} ({backend}) encapsulated", opened == result["sharedSecret"]
            yield f"Python verifies a signature of ML-DSA-65 ({backend})", self._verifies(results["signature"])

    def _verifies(self, signature):
        try:
            self.signing.public_key().verify(bytes.fromhex(signature), pattern(5_000), CONTEXT)
        except InvalidSignature:
            return False
        return True
