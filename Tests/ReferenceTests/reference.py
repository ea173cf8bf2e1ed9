"""Answers questions about ML-KEM, X-Wing and ML-DSA with Python's `cryptography` (OpenSSL or AWS-LC) and `hashlib`.

One JSON object per line in, one out; byte strings are hexadecimal. X-Wing is put together here from ML-KEM-768, X25519,
SHAKE256 and SHA3-256, as draft-connolly-cfrg-xwing-kem says it.
"""
import hashlib
import json
import os
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa, mlkem
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

XWING_LABEL = b"\\.//^\\"
KEMS = {
    "ML-KEM-768": (mlkem.MLKEM768PrivateKey, mlkem.MLKEM768PublicKey),
    "ML-KEM-1024": (mlkem.MLKEM1024PrivateKey, mlkem.MLKEM1024PublicKey),
}


def xwing_expand(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    return (
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def xwing_combine(kem_secret, dh_secret, ephemeral, public):
    return hashlib.sha3_256(kem_secret + dh_secret + ephemeral + public + XWING_LABEL).digest()


def public_of(algorithm, seed):
    if algorithm == "X-Wing":
        kem, dh = xwing_expand(seed)
        return kem.public_key().public_bytes_raw() + dh.public_key().public_bytes_raw()
    if algorithm == "ML-DSA-65":
        return mldsa.MLDSA65PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    return KEMS[algorithm][0].from_seed_bytes(seed).public_key().public_bytes_raw()


def encapsulate(algorithm, public):
    if algorithm == "X-Wing":
        kem_secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(public[:1184]).encapsulate()
        ephemeral = X25519PrivateKey.from_private_bytes(os.urandom(32))
        dh_secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(public[1184:]))
        ephemeral_public = ephemeral.public_key().public_bytes_raw()
        return xwing_combine(kem_secret, dh_secret, ephemeral_public, public[1184:]), ciphertext + ephemeral_public
    return KEMS[algorithm][1].from_public_bytes(public).encapsulate()


def decapsulate(algorithm, seed, ciphertext):
    if algorithm == "X-Wing":
        kem, dh = xwing_expand(seed)
        ephemeral = ciphertext[1088:]
        dh_secret = dh.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        public = dh.public_key().public_bytes_raw()
        return xwing_combine(kem.decapsulate(ciphertext[:1088]), dh_secret, ephemeral, public)
    return KEMS[algorithm][0].from_seed_bytes(seed).decapsulate(ciphertext)


def answer(question):
    field = {name: bytes.fromhex(value) for name, value in question["fields"].items()}
    algorithm = question["algorithm"]
    match question["op"]:
        case "public":
            return {"public": public_of(algorithm, field["seed"])}
        case "encapsulate":
            secret, ciphertext = encapsulate(algorithm, field["public"])
            return {"secret": secret, "ciphertext": ciphertext}
        case "decapsulate":
            return {"secret": decapsulate(algorithm, field["seed"], field["ciphertext"])}
        case "sign":
            key = mldsa.MLDSA65PrivateKey.from_seed_bytes(field["seed"])
            return {"signature": key.sign(field["message"], field["context"])}
        case "verify":
            key = mldsa.MLDSA65PublicKey.from_public_bytes(field["public"])
            try:
                key.verify(field["signature"], field["message"], field["context"])
                return {"valid": b"\x01"}
            except InvalidSignature:
                return {"valid": b"\x00"}
        case "sha3":
            return {"digest": hashlib.sha3_256(field["message"]).digest()}


for line in sys.stdin:
    reply = {name: value.hex() for name, value in answer(json.loads(line)).items()}
    print(json.dumps(reply), flush=True)
